/** Row rules: what of each entity the actor may see. Whatever is outside reads as not there. */
import { hasRole, isStaff, type Actor, type EntityManager } from '@pharmagraph/platform'
import type { FilterQuery } from '@mikro-orm/postgresql'
import { DelegationFact } from '../entities/delegation.ts'
import type { Address } from '../entities/address.ts'
import type { Route } from '../entities/route.ts'
import { Shipment } from '../entities/shipment.ts'

/** The patients an actor stands for, asked for once: oneself, and those whose caregiver one is (scope VIEW). */
export function patientsOf(em: EntityManager, actor: Actor): () => Promise<string[]> {
  let found: Promise<string[]> | undefined
  return () => (found ??= (async () => {
    const own = hasRole(actor, 'patient') && actor.patientId ? [actor.patientId] : []
    if (!hasRole(actor, 'caregiver')) return own
    const delegations = await em.find(DelegationFact, { subject: actor.subject })
    return [...own, ...delegations.filter(({ scopes }) => scopes.includes('VIEW')).map(({ patientId }) => patientId)]
  })())
}
const ownDriver = (actor: Actor): string[] => (hasRole(actor, 'driver') && actor.driverId ? [actor.driverId] : [])

/** The patients' own, the driver's own, all for staff. */
export const shipmentsVisibleTo = (actor: Actor, patients: string[]): FilterQuery<Shipment> =>
  isStaff(actor) ? {} : { $or: [{ patientId: { $in: patients } }, { driverId: { $in: ownDriver(actor) } }] }

/** The driver's own, those a parcel of the patient is on, all for staff. */
export async function routesVisibleTo(em: EntityManager, actor: Actor, patients: string[]): Promise<FilterQuery<Route>> {
  if (isStaff(actor)) return {}
  const onRoute = patients.length ? await em.find(Shipment, { patientId: { $in: patients }, routeId: { $ne: null } }, { fields: ['routeId'] }) : []
  return { $or: [{ driverId: { $in: ownDriver(actor) } }, { id: { $in: onRoute.map(({ routeId }) => routeId!) } }] }
}

/** The patient's own, all for staff; a driver's from the assignment to the door, and no longer. */
export async function addressesVisibleTo(em: EntityManager, actor: Actor, patients: string[]): Promise<FilterQuery<Address>> {
  if (isStaff(actor)) return {}
  const [driverId] = ownDriver(actor)
  const underWay = driverId ? await em.find(Shipment, { driverId, status: { $in: ['ASSIGNED', 'PICKED_UP', 'OUT_FOR_DELIVERY'] } }, { fields: ['addressId'] }) : []
  return { $or: [{ patientId: { $in: patients } }, { id: { $in: underWay.map(({ addressId }) => addressId) } }] }
}
