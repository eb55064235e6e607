import { systemActor, type EntityManager } from '@pharmagraph/platform'
import { Depot } from '../entities/fleet.ts'
import type { Route } from '../entities/route.ts'
import { Shipment } from '../entities/shipment.ts'
import { straightMeters, type Point } from '../geo/distance.ts'
import { move } from '../lifecycles/shipment.ts'

const atDepotMeters = 150

/** A driver who did all stops is back at the depot: what could not be delivered goes on the shelf for another tour, or back into the pharmacy's hands. */
export async function returnToDepot(em: EntityManager, route: Route, position: Point): Promise<void> {
  const undelivered = await em.find(Shipment, { routeId: route.id, status: { $in: ['ATTEMPT_FAILED', 'RETURNING'] } })
  if (undelivered.length === 0) return
  const depot = await em.findOneOrFail(Depot, { id: route.depotId })
  if (straightMeters(depot, position) > atDepotMeters) return
  const actor = systemActor('logistics')
  for (const shipment of undelivered) {
    const again = shipment.status === 'ATTEMPT_FAILED'
    Object.assign(shipment, { driverId: null, routeId: null, estimatedDelivery: null })
    move(em, actor, shipment, again ? 'reroute' : 'receive')
  }
}
