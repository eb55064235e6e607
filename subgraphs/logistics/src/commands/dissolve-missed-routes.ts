import { apply, clock, type Actor, type EntityManager } from '@pharmagraph/platform'
import { LockMode } from '@mikro-orm/postgresql'
import { Route, RouteStop } from '../entities/route.ts'
import { Shipment } from '../entities/shipment.ts'
import { routeLifecycle } from '../lifecycles/route.ts'
import { move } from '../lifecycles/shipment.ts'

/** Routes whose shift ended before anything was picked up: their parcels are planned anew. */
export async function dissolveMissedRoutes(em: EntityManager, actor: Actor): Promise<void> {
  const missed = await em.find(Route, { status: 'PLANNED', shiftEnd: { $lt: clock.now() } }, { lockMode: LockMode.PESSIMISTIC_WRITE, orderBy: { id: 'asc' } })
  for (const route of missed) {
    const shipments = await em.find(Shipment, { routeId: route.id })
    if (shipments.some(({ status }) => status !== 'ASSIGNED')) continue
    for (const shipment of shipments) {
      Object.assign(shipment, { driverId: null, routeId: null, estimatedDelivery: null })
      move(em, actor, shipment, 'unassign')
    }
    await em.nativeDelete(RouteStop, { routeId: route.id })
    apply(em, actor, routeLifecycle, route, 'cancel', { reason: 'SHIFT_MISSED' })
  }
  await em.flush()
}
