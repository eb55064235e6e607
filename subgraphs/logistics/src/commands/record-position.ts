import { clock, emit, invalid, problem, type Actor, type EntityManager } from '@pharmagraph/platform'
import { Driver } from '../entities/fleet.ts'
import { RoutePosition, type Route } from '../entities/route.ts'
import { Shipment } from '../entities/shipment.ts'
import * as fields from '../fields.ts'
import type { Point } from '../geo/distance.ts'
import { ownRoute } from './driving.ts'
import { returnToDepot } from './return-to-depot.ts'

type PositionInput = Point & { routeId: string; headingDegrees?: number | null | undefined; speedKmh?: number | null | undefined; at: Date }

/** Positions come more often than anybody looks; parcels tell of their move once a second at most. */
const tellEveryMs = 1_000
const clockDriftMs = 60_000

/** Keeps the driver's position: the last one, and the track. One that comes late goes into the track only. */
export async function recordPosition(em: EntityManager, actor: Actor, input: PositionInput): Promise<Route> {
  const route = await ownRoute(em, actor, input.routeId)
  const { latitude, longitude } = fields.point(input)
  const now = clock.now()
  if (input.at.getTime() > now.getTime() + clockDriftMs) throw invalid('at', 'this position is from the future: check the phone\'s clock')
  if (route.status !== 'STARTED' && route.status !== 'COMPLETED') {
    throw problem('TransitionRefused', 'ROUTE_NOT_STARTED', `positions are kept once the route is under way; it is ${route.status}`, { allowed: [] })
  }
  em.create(RoutePosition, { routeId: route.id, latitude, longitude, at: input.at })
  if (route.positionAt && input.at <= route.positionAt) return route

  Object.assign(route, { latitude, longitude, headingDegrees: input.headingDegrees ?? null, speedKmh: input.speedKmh ?? null, positionAt: input.at })
  const driver = await em.findOneOrFail(Driver, { id: route.driverId })
  Object.assign(driver, { lastLatitude: latitude, lastLongitude: longitude, lastPositionAt: input.at })
  if (route.status === 'COMPLETED') await returnToDepot(em, route, { latitude, longitude })
  else if (!route.movedToldAt || now.getTime() - route.movedToldAt.getTime() >= tellEveryMs) await tellParcelsMoved(em, actor, route, now)
  return route
}

async function tellParcelsMoved(em: EntityManager, actor: Actor, route: Route, now: Date): Promise<void> {
  route.movedToldAt = now
  for (const { id, orderId, patientId } of await em.find(Shipment, { routeId: route.id, status: 'OUT_FOR_DELIVERY' })) {
    emit(em, actor, 'logistics.shipment-moved.v1', id, { shipmentId: id, orderId, patientId, routeId: route.id })
  }
}
