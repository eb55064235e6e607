import type { FilterQuery } from '@mikro-orm/postgresql'
import { defineAccess, hasRole, isStaff, isSystem, type Actor } from '@pharmagraph/platform'
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
  'dispensing:fill': (actor: Actor) => isFiller(actor),
  'dispensing:check': (actor: Actor) => isPharmacist(actor),
  'refill:request': (actor: Actor) => isFiller(actor) || (hasRole(actor, 'patient') && actor.patientId !== undefined),
  'emergency:read': (actor: Actor) => isPharmacist(actor) || hasRole(actor, 'compliance'),
  'report:read': (actor: Actor) => hasRole(actor, 'pharmacist-in-charge', 'compliance'),
  'work-item:claim': (actor: Actor, queue: QueueName) => queueWorkers[queue](actor),
  'work-item:pick': (actor: Actor) => hasRole(actor, 'pharmacist-in-charge'),
})

/** The prescriptions an actor may see: staff all, a patient their own, a prescriber those they wrote. */
export const visiblePrescriptions = (actor: Actor): FilterQuery<Prescription> =>
  isStaff(actor) ? {} : { $or: [{ patientId: ownPatientId(actor) }, { practitionerId: ownPractitionerId(actor) }] }
/** The fills an actor may see: staff all, a patient their own. */
export const visibleFills = (actor: Actor): FilterQuery<Fill> => (isStaff(actor) ? {} : { patientId: ownPatientId(actor) })

/** The wishes for refills an actor may see, like fills. */
export const visibleRefills = (actor: Actor): FilterQuery<RefillRequest> => (isStaff(actor) ? {} : { patientId: ownPatientId(actor) })

/** No row has it: an actor without the id sees none. */
const nobody = '00000000-0000-0000-0000-000000000000'
const ownPatientId = (actor: Actor): string => (hasRole(actor, 'patient') && actor.patientId) || nobody
const ownPractitionerId = (actor: Actor): string => (hasRole(actor, 'prescriber') && actor.practitionerId) || nobody
