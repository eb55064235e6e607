import { apply, emit, type Actor, type EntityManager } from '@pharmagraph/platform'
import type { Order, OrderLine } from '../entities/order.ts'
import { orderLifecycle } from '../lifecycles/order.ts'
import { orderLineLifecycle } from '../lifecycles/order-line.ts'

/** Every prescription line is released by a pharmacist, or there is none: the order may be paid for and packed. */
export async function releaseOrder(em: EntityManager, actor: Actor, order: Order, lines: readonly OrderLine[]): Promise<void> {
  for (const line of lines) if (line.status === 'HELD') apply(em, actor, orderLineLifecycle, line, 'release')
  apply(em, actor, orderLifecycle, order, 'release')
  emit(em, actor, 'orders.order-released.v1', order.id, { orderId: order.id, patientId: order.patientId, orderLineIds: lines.filter(({ status }) => status === 'RELEASED').map(({ id }) => id) })
}
