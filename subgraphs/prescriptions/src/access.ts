import type { FilterQuery } from '@mikro-orm/postgresql'
import { defineAccess, hasRole, isStaff, isSystem, type Actor } from '@pharmagraph/platform'
import type { Fill } from './entities/fill.ts'
import type { Prescription } from './entities/prescription.ts'
import type { QueueName } from './entities/work-item.ts'

const isPharmacist = (actor: Actor): boolean => hasRole(actor, 'pharmacist', 'pharmacist-in-charge')
const isFiller = (actor: Actor): boolean => isPharmacist(actor) || hasRole(actor, 'technician')
const isPatient = (actor: Actor, patientId: string | null | undefined): boolean => hasRole(actor, 'patient') && !!patientId && actor.patientId === patientId
const isPrescriber = (actor: Actor, { practitionerId }: Prescription): boolean => hasRole(actor, 'prescriber') && !!practitionerId && actor.practitionerId === practitionerId

/** Who works which queue. */
const queueWorkers: Record<QueueName, (actor: Actor) => boolean> = { DATA_ENTRY: isFiller, VERIFICATION: isPharmacist, FILL: isFiller, PRODUCT_CHECK: isPharmacist }

export const access = defineAccess({
  'prescription:view': (actor: Actor, prescription: Prescription) =>
    isStaff(actor) || isPatient(actor, prescription.patientId) || isPrescriber(actor, prescription),
  'prescription:submit': (actor: Actor) => hasRole(actor, 'prescriber') && actor.practitionerId !== undefined,
  /** Partners and prescribers' systems over FHIR, the network's messages as the system. */
  'prescription:receive': (actor: Actor) => hasRole(actor, 'partner', 'prescriber') || isSystem(actor),
  'prescription:enter-data': (actor: Actor) => isFiller(actor),
  'prescription:review': (actor: Actor) => isPharmacist(actor),
  'fill:view': (actor: Actor, fill: Fill) => isStaff(actor) || isPatient(actor, fill.patientId),
  'fill:fill': (actor: Actor) => isFiller(actor),
  'fill:check': (actor: Actor) => isPharmacist(actor),
  'work-item:claim': (actor: Actor, queue: QueueName) => queueWorkers[queue](actor),
  'work-item:pick': (actor: Actor) => hasRole(actor, 'pharmacist-in-charge'),
})

/** The rows an actor may see, for queries: the same rules as `prescription:view`. */
export const visiblePrescriptions = (actor: Actor): FilterQuery<Prescription> =>
  isStaff(actor) ? {} : { $or: [{ patientId: ownPatientId(actor) }, { practitionerId: ownPractitionerId(actor) }] }
/** The rows an actor may see: the same rules as `fill:view`. */
export const visibleFills = (actor: Actor): FilterQuery<Fill> => (isStaff(actor) ? {} : { patientId: ownPatientId(actor) })

/** No row has it: an actor without the id sees none. */
const nobody = '00000000-0000-0000-0000-000000000000'
const ownPatientId = (actor: Actor): string => (hasRole(actor, 'patient') && actor.patientId) || nobody
const ownPractitionerId = (actor: Actor): string => (hasRole(actor, 'prescriber') && actor.practitionerId) || nobody
