import { type Actor, type EntityManager } from '@pharmagraph/platform'
import { permits } from '../lifecycles/order.ts'
import { linesOf, orderOfEvent } from '../reads/locked-order.ts'
import { leaveOut, type Why } from './leave-out.ts'

type Blocked = { orderId: string; orderLineId: string } & Why

/** One line may not be dispensed: the order goes on without it, and is rejected where nothing else is in it. */
export async function blockLine(em: EntityManager, actor: Actor, { orderId, orderLineId, ...why }: Blocked, orderReason: 'LINE_BLOCKED' | 'FILL_CANCELLED'): Promise<void> {
  const { order, payment } = await orderOfEvent(em, orderId)
  const line = (await linesOf(em, order)).find(({ id }) => id === orderLineId)
  if (!line || line.status === 'RELEASED' || !permits(order, 'reject')) return
  await leaveOut(em, actor, order, payment, [line], why, { verb: 'reject', code: orderReason })
}
