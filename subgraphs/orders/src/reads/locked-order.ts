import { notYet, type EntityManager } from '@pharmagraph/platform'
import { LockMode } from '@mikro-orm/postgresql'
import { Order, OrderLine } from '../entities/order.ts'
import { Payment } from '../entities/payment.ts'

/**
 * The order, locked until the transaction ends: whoever moves an order waits here, so that its steps and their events
 * come in one order.
 */
export async function lockOrder(em: EntityManager, id: string): Promise<{ order: Order; payment: Payment } | undefined> {
  const order = await em.findOne(Order, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE })
  return order ? { order, payment: await em.findOneOrFail(Payment, { orderId: id }) } : undefined
}

/** For events: the order they speak of may not be here yet. */
export async function orderOfEvent(em: EntityManager, id: string): Promise<{ order: Order; payment: Payment }> {
  const found = await lockOrder(em, id)
  if (!found) throw notYet('the order')
  return found
}

export const linesOf = (em: EntityManager, order: Order): Promise<OrderLine[]> => em.find(OrderLine, { orderId: order.id }, { orderBy: { id: 'asc' } })
