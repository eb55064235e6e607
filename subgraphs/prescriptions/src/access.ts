import { raw, type FilterQuery } from '@mikro-orm/postgresql'
import { clock, defineAccess, hasRole, isStaff, isSystem, type Actor } from '@pharmagraph/platform'
import type { AccessScope } from './entities/facts.ts'
import type { Fill } from './entities/fill.ts'
import type { Prescription } from './entities/prescription.ts'
import type { RefillRequest } from './entities/refill-request.ts'
import type { QueueName } from './entities/work-item.ts'

const isPharmacist = (actor: Actor): boolean => hasRole(actor, 'pharmacist', 'pharmacist-in-charge')
const isFiller = (actor: Actor): boolean => isPharmacist(actor) || hasRole(actor, 'technician')

/** Who works which queue. */
const queueWorkers: Record<QueueName, (actor: Actor) => boolean> = { DATA_ENTRY: isFiller, VERIFICATION: isPharmacist, FILL: isFiller, PRODUCT_CHECK: isPharmacist }

export const access = defineAccess({
  'intake:submit': (actor: Actor) => hasRole(actor, 'prescriber') && actor.practitionerId !== undefined,
  /** Partners and prescribers' systems over FHIR, the network's messages as the system. */
  'intake:receive': (actor: Actor) => hasRole(actor, 'partner', 'prescriber') || isSystem(actor),
  'upload:send': (actor: Actor) => hasRole(actor, 'patient') && actor.patientId !== undefined,
  'picture:view': (actor: Actor) => isFiller(actor),
  'data:enter': (actor: Actor) => isFiller(actor),
  'review:decide': (actor: Actor) => isPharmacist(actor),
  /** Which of them may answer of which prescription is `visiblePrescriptions`. */
  'question:answer': (actor: Actor) => isPharmacist(actor) || (hasRole(actor, 'prescriber') && actor.practitionerId !== undefined),
  'prescription:take-back': (actor: Actor) => isPharmacist(actor) || hasRole(actor, 'prescriber', 'patient'),
  'dispensing:fill': (actor: Actor) => isFiller(actor),
  'dispensing:check': (actor: Actor) => isPharmacist(actor),
  'refill:request': (actor: Actor) => isFiller(actor) || hasRole(actor, 'caregiver') || (hasRole(actor, 'patient') && actor.patientId !== undefined),
  'emergency:read': (actor: Actor) => isPharmacist(actor) || hasRole(actor, 'compliance'),
  'signed:read': (actor: Actor) => isPharmacist(actor) || hasRole(actor, 'compliance'),
  'report:read': (actor: Actor) => hasRole(actor, 'pharmacist-in-charge', 'compliance'),
  'record:read': (actor: Actor) => isPharmacist(actor) || hasRole(actor, 'compliance'),
  'work-item:claim': (actor: Actor, queue: QueueName) => queueWorkers[queue](actor),
  'work-item:hold': (actor: Actor) => isFiller(actor),
  'work-item:pick': (actor: Actor) => hasRole(actor, 'pharmacist-in-charge'),
})

/**
 * The prescriptions an actor may see: staff all, a patient their own, a caregiver those of patients who let them
 * (`scope`), a prescriber those they wrote and, in an emergency, those of the patient.
 */
export const visiblePrescriptions = (actor: Actor, scope: AccessScope = 'VIEW'): FilterQuery<Prescription> =>
  isStaff(actor) ? {} : { $or: [...ofVisiblePatients(actor, scope), { practitionerId: ownPractitionerId(actor) }] }
/** The fills an actor may see: staff all, others those of the patients whose prescriptions they may see. */
export const visibleFills = (actor: Actor): FilterQuery<Fill> => (isStaff(actor) ? {} : { $or: ofVisiblePatients(actor) })

/** The wishes for refills an actor may see, like fills. */
export const visibleRefills = (actor: Actor, scope: AccessScope = 'VIEW'): FilterQuery<RefillRequest> => (isStaff(actor) ? {} : { $or: ofVisiblePatients(actor, scope) })

/** The actor's own, and those opened to them now: asked in the same statement, so that a revocation counts at the next. */
const ofVisiblePatients = (actor: Actor, scope: AccessScope = 'VIEW') => [
  { patientId: ownPatientId(actor) },
  ...(hasRole(actor, 'caregiver', 'prescriber')
    ? [{ patientId: { $in: raw('(select patient_id from record_access_fact where subject = ? and ? = any(scopes) and (until is null or until > ?))', [actor.subject, scope, clock.now()]) } }]
    : []),
]

/** No row has it: an actor without the id sees none. */
const nobody = '00000000-0000-0000-0000-000000000000'
const ownPatientId = (actor: Actor): string => (hasRole(actor, 'patient') && actor.patientId) || nobody
const ownPractitionerId = (actor: Actor): string => (hasRole(actor, 'prescriber') && actor.practitionerId) || nobody
