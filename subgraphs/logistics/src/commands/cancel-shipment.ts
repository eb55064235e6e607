import { allowedActions, notYet, type Actor, type EntityManager } from '@pharmagraph/platform'
import { LockMode } from '@mikro-orm/postgresql'
import { Route } from '../entities/route.ts'
import { CancelledOrder, Shipment } from '../entities/shipment.ts'
import { move, shipmentLifecycle } from '../lifecycles/shipment.ts'
import { lockShipmentsOf } from '../reads/lock-shipments-of.ts'
import type { Services } from '../services.ts'
import { finishStop } from './finish-stop.ts'
import { leaveRoute } from './leave-route.ts'

/**
 * Stops the parcel of a cancelled order: one on the shelf is cancelled, one our driver has comes back without a stop at
 * the door, one that is not made yet never will be. A carrier's goes on until the carrier brings it back.
 */
export async function cancelShipment(
  em: EntityManager, actor: Actor, services: Services, { orderId, reasonCode }: { orderId: string; reasonCode: string },
): Promise<void> {
  await lockShipmentsOf(em, orderId)
  const seen = await em.findOne(Shipment, { orderId }, { fields: ['id', 'routeId'], disableIdentityMap: true })
  if (!seen) {
    if (!(await em.findOne(CancelledOrder, { orderId }))) em.create(CancelledOrder, { orderId })
    return
  }
  // the route first, as drivers lock them
  const route = seen.routeId ? await em.findOne(Route, { id: seen.routeId }, { lockMode: LockMode.PESSIMISTIC_WRITE }) : null
  const shipment = await em.findOneOrFail(Shipment, { id: seen.id }, { lockMode: LockMode.PESSIMISTIC_WRITE })
  if (shipment.routeId !== seen.routeId) throw notYet('the route of the parcel')
  const reason = { code: reasonCode, message: 'The order was cancelled.' }

  const possible = allowedActions(shipmentLifecycle, shipment, actor)
  if (possible.includes('cancel')) {
    await leaveRoute(em, actor, shipment)
    move(em, actor, shipment, 'cancel', reason)
  } else if (possible.includes('callBack')) {
    move(em, actor, shipment, 'callBack', reason)
    if (route) await finishStop(em, actor, services, route, shipment.id)
  }
}
