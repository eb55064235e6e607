import { apply, type Actor, type EntityManager } from '@pharmagraph/platform'
import { permits } from '../lifecycles/order.ts'
import { orderLineLifecycle } from '../lifecycles/order-line.ts'
import { linesOf, orderOfEvent } from '../reads/locked-order.ts'
import { endOrder } from './end-order.ts'

type Blocked = { orderId: string; orderLineId: string; reasonCode: string; message?: string }

/** One line may not be dispensed: the order is rejected as a whole, as long as nothing is captured. */
export async function blockLine(em: EntityManager, actor: Actor, { orderId, orderLineId, reasonCode, message }: Blocked, orderReason: 'LINE_BLOCKED' | 'FILL_CANCELLED'): Promise<void> {
  const { order } = await orderOfEvent(em, orderId)
  if (!permits(order, 'reject')) return
  const line = (await linesOf(em, order)).find(({ id }) => id === orderLineId)
  if (!line) return
  if ('block' in orderLineLifecycle.table[line.status]) {
    apply(em, actor, orderLineLifecycle, line, 'block', { reason: reasonCode })
    Object.assign(line, { reasonCode, reasonMessage: message ?? null })
  }
  await endOrder(em, actor, order, 'reject', orderReason)
}
