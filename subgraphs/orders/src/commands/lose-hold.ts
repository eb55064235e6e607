import { type Actor, type EntityManager, type EventMap } from '@pharmagraph/platform'
import { permits } from '../lifecycles/order.ts'
import { orderOfEvent } from '../reads/locked-order.ts'
import { endOrder } from './end-order.ts'

/** A hold that ran out takes the order with it; one given back because we cancelled is no news. */
export async function loseHold(em: EntityManager, actor: Actor, { orderId, reason }: EventMap['inventory.hold-released.v1']): Promise<void> {
  if (reason !== 'EXPIRED') return
  const { order } = await orderOfEvent(em, orderId)
  if (permits(order, 'expire') && order.status !== 'BACKORDERED') await endOrder(em, actor, order, 'expire', 'HOLD_EXPIRED')
}
