import { type Actor, type EntityManager, type EventMap } from '@pharmagraph/platform'
import { permits } from '../lifecycles/order.ts'
import { orderOfEvent } from '../reads/locked-order.ts'
import { partsOf } from '../reads/parts.ts'
import { endOrder } from './end-order.ts'
import { leaveOut } from './leave-out.ts'

const reasonCode = 'HOLD_EXPIRED'

/** A hold that ran out takes the order with it, or what is not released of it; one given back because we cancelled is no news. */
export async function loseHold(em: EntityManager, actor: Actor, { orderId, orderLineId, reason }: EventMap['inventory.hold-released.v1']): Promise<void> {
  if (reason !== 'EXPIRED') return
  const { order, payment } = await orderOfEvent(em, orderId)
  if (!permits(order, 'expire') || order.status === 'BACKORDERED') return
  if (order.releasedParts === 0) return endOrder(em, actor, order, 'expire', reasonCode)
  const line = (await partsOf(em, order)).lines.find(({ id, status }) => id === orderLineId && status === 'HELD')
  if (line) await leaveOut(em, actor, order, payment, [line], { code: reasonCode }, { verb: 'expire', code: reasonCode })
}
