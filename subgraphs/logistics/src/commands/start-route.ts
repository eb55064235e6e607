import { apply, clock, problem, type Actor, type EntityManager } from '@pharmagraph/platform'
import { Depot } from '../entities/fleet.ts'
import type { Route } from '../entities/route.ts'
import { Shipment } from '../entities/shipment.ts'
import { routeLifecycle } from '../lifecycles/route.ts'
import { move } from '../lifecycles/shipment.ts'
import type { Services } from '../services.ts'
import { ownRoute, retime } from './driving.ts'

/**
 * The driver leaves the depot with everything on board; arrivals are worked out from now. Parcels called back meanwhile
 * are no stops; a route of nothing else is over as it starts.
 */
export async function startRoute(em: EntityManager, actor: Actor, { vault }: Services, input: { routeId: string }): Promise<Route> {
  const route = await ownRoute(em, actor, input.routeId)
  apply(em, actor, routeLifecycle, route, 'start')
  const shipments = await em.find(Shipment, { routeId: route.id }, { orderBy: { id: 'asc' } })
  const wanted = shipments.filter(({ status }) => status !== 'RETURNING')
  const missing = wanted.filter(({ status }) => status !== 'PICKED_UP')
  if (missing.length) {
    const labels = missing.map(({ trackingNumber }) => trackingNumber).join(', ')
    throw problem('TransitionRefused', 'PARCELS_NOT_PICKED_UP', `pick up first: ${labels}`, { allowed: [] })
  }
  for (const shipment of wanted) move(em, actor, shipment, 'leave')
  route.departsAt = clock.now()
  if (wanted.length === 0) {
    apply(em, actor, routeLifecycle, route, 'complete')
    return route
  }
  await retime(em, vault, route, await em.findOneOrFail(Depot, { id: route.depotId }))
  return route
}
