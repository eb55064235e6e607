/** What all commands of a driver share. */
import { clock, notFound, type Actor, type EntityManager, type Vault } from '@pharmagraph/platform'
import { LockMode } from '@mikro-orm/postgresql'
import { access } from '../access.ts'
import { Depot } from '../entities/fleet.ts'
import { Route, RouteStop } from '../entities/route.ts'
import { Shipment } from '../entities/shipment.ts'
import * as fields from '../fields.ts'
import type { Point } from '../geo/distance.ts'
import { stopsOf } from '../planning/stops.ts'
import { timetable } from '../planning/tour.ts'

/** The driver's own route, locked: writers of one route take turns. Somebody else's is not there. */
export async function ownRoute(em: EntityManager, actor: Actor, id: string): Promise<Route> {
  const route = await em.findOne(Route, { id: fields.id('routeId', id) }, { lockMode: LockMode.PESSIMISTIC_WRITE })
  if (!route) throw notFound('route')
  access.must(actor, 'route:drive', route)
  return route
}

/** A parcel on the driver's own route, with that route, both locked, the route first. */
export async function ownShipment(em: EntityManager, actor: Actor, id: string): Promise<{ shipment: Shipment; route: Route }> {
  const seen = await em.findOne(Shipment, { id: fields.id('shipmentId', id) }, { fields: ['id', 'routeId', 'patientId', 'driverId'], disableIdentityMap: true })
  if (!seen) throw notFound('shipment')
  access.must(actor, 'shipment:drive', seen)
  const route = await ownRoute(em, actor, seen.routeId ?? '')
  const shipment = await em.findOneOrFail(Shipment, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE })
  access.must(actor, 'shipment:drive', shipment)
  return { shipment, route }
}

export const stopsInOrder = (em: EntityManager, route: Route): Promise<RouteStop[]> =>
  em.find(RouteStop, { routeId: route.id }, { orderBy: { sequence: 'asc' } })

/** Works out the arrivals at the stops still to do, from where the driver is now. */
export async function retime(em: EntityManager, vault: Vault, route: Route, from: Point): Promise<void> {
  const depot = await em.findOneOrFail(Depot, { id: route.depotId })
  const todo = (await stopsInOrder(em, route)).filter(({ done }) => !done)
  const shipments = new Map((await em.find(Shipment, { id: { $in: todo.map(({ shipmentId }) => shipmentId) } })).map((row) => [row.id, row]))
  const byShipment = await stopsOf(em, vault, [...shipments.values()])
  const known = todo.filter(({ shipmentId }) => byShipment.has(shipmentId))
  const { arrivals, endsAt } = timetable(from, depot, known.map(({ shipmentId }) => byShipment.get(shipmentId)!), clock.now())
  known.forEach((stop, index) => {
    stop.estimatedArrival = arrivals[index]!
    shipments.get(stop.shipmentId)!.estimatedDelivery = arrivals[index]!
  })
  route.endsAt = endsAt
}
