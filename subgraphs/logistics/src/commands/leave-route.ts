import { apply, type Actor, type EntityManager } from '@pharmagraph/platform'
import { Route, RouteStop } from '../entities/route.ts'
import type { Shipment } from '../entities/shipment.ts'
import { routeLifecycle } from '../lifecycles/route.ts'

/** Takes a parcel off the route it is planned on; a route without stops is cancelled. Times of the others stand until the driver starts. */
export async function leaveRoute(em: EntityManager, actor: Actor, shipment: Shipment): Promise<void> {
  const { routeId } = shipment
  if (!routeId) return
  Object.assign(shipment, { routeId: null, driverId: null, estimatedDelivery: null })
  const rest = await em.find(RouteStop, { routeId, shipmentId: { $ne: shipment.id } }, { orderBy: { sequence: 'asc' } })
  await em.nativeDelete(RouteStop, { routeId, shipmentId: shipment.id })
  rest.forEach((stop, index) => (stop.sequence = index + 1))
  const route = await em.findOne(Route, { id: routeId })
  if (route?.status === 'PLANNED' && rest.length === 0) apply(em, actor, routeLifecycle, route, 'cancel')
}
