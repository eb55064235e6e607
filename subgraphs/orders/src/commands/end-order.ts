import { apply, type Actor, type EntityManager } from '@pharmagraph/platform'
import type { Order } from '../entities/order.ts'
import { fulfilmentLifecycle } from '../lifecycles/fulfilment.ts'
import { orderLifecycle } from '../lifecycles/order.ts'
import { orderLineLifecycle } from '../lifecycles/order-line.ts'
import { isLost } from '../reads/amount-due.ts'
import { partsOf } from '../reads/parts.ts'

/** Ends an order before its capture. The event the lifecycle sends makes everybody undo their part. */
export async function endOrder(em: EntityManager, actor: Actor, order: Order, verb: 'reject' | 'expire' | 'cancel' | 'takeBack', reasonCode: string): Promise<void> {
  apply(em, actor, orderLifecycle, order, verb, { reason: reasonCode })
  Object.assign(order, { reasonCode, reasonDrugIds: null })
  const { lines, fulfilments } = await partsOf(em, order)
  for (const line of lines) {
    if (isLost(line)) continue
    apply(em, actor, orderLineLifecycle, line, 'cancel')
    line.reasonCode = reasonCode
  }
  for (const fulfilment of fulfilments) if ('drop' in fulfilmentLifecycle.table[fulfilment.status]) apply(em, actor, fulfilmentLifecycle, fulfilment, 'drop', { reason: reasonCode })
}
