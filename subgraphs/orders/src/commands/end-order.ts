import { apply, type Actor, type EntityManager } from '@pharmagraph/platform'
import type { Order } from '../entities/order.ts'
import { orderLifecycle } from '../lifecycles/order.ts'
import { orderLineLifecycle } from '../lifecycles/order-line.ts'
import { linesOf } from '../reads/locked-order.ts'

/** Ends an order before its capture. The event the lifecycle sends makes everybody undo their part. */
export async function endOrder(em: EntityManager, actor: Actor, order: Order, verb: 'reject' | 'expire' | 'cancel', reasonCode: string): Promise<void> {
  apply(em, actor, orderLifecycle, order, verb, { reason: reasonCode })
  order.reasonCode = reasonCode
  for (const line of await linesOf(em, order)) {
    if (line.status !== 'BLOCKED' && line.status !== 'CANCELLED') apply(em, actor, orderLineLifecycle, line, 'cancel')
  }
}
