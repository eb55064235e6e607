/** Row rules: what of each entity the actor may see. Whatever is outside reads as not there. */
import { hasRole, isStaff, type Actor, type EntityManager } from '@pharmagraph/platform'
import type { FilterQuery } from '@mikro-orm/postgresql'
import type { Address } from '../entities/address.ts'
import type { Route } from '../entities/route.ts'
import { Shipment } from '../entities/shipment.ts'

const ownPatient = (actor: Actor): string[] => (hasRole(actor, 'patient') && actor.patientId ? [actor.patientId] : [])
const ownDriver = (actor: Actor): string[] => (hasRole(actor, 'driver') && actor.driverId ? [actor.driverId] : [])

/** The patient's own, the driver's own, all for staff. */
export const shipmentsVisibleTo = (actor: Actor): FilterQuery<Shipment> =>
  isStaff(actor) ? {} : { $or: [{ patientId: { $in: ownPatient(actor) } }, { driverId: { $in: ownDriver(actor) } }] }

/** The driver's own, those a parcel of the patient is on, all for staff. */
export async function routesVisibleTo(em: EntityManager, actor: Actor): Promise<FilterQuery<Route>> {
  if (isStaff(actor)) return {}
  const [patientId] = ownPatient(actor)
  const onRoute = patientId ? await em.find(Shipment, { patientId, routeId: { $ne: null } }, { fields: ['routeId'] }) : []
  return { $or: [{ driverId: { $in: ownDriver(actor) } }, { id: { $in: onRoute.map(({ routeId }) => routeId!) } }] }
}

/** The patient's own, all for staff; a driver's from the assignment to the door, and no longer. */
export async function addressesVisibleTo(em: EntityManager, actor: Actor): Promise<FilterQuery<Address>> {
  if (isStaff(actor)) return {}
  const [driverId] = ownDriver(actor)
  const underWay = driverId ? await em.find(Shipment, { driverId, status: { $in: ['ASSIGNED', 'PICKED_UP', 'OUT_FOR_DELIVERY'] } }, { fields: ['addressId'] }) : []
  return { $or: [{ patientId: { $in: ownPatient(actor) } }, { id: { $in: underWay.map(({ addressId }) => addressId) } }] }
}
