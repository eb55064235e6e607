import { clock, type EntityManager } from '@pharmagraph/platform'
import { Order, type OrderStatus } from '../entities/order.ts'
import { stuckRows, type StuckRow } from '../policies/stuck.ts'

export type StuckOrder = StuckRow & { order: Order }

/** Why an order is stuck now, if it is. */
export function stuckBy({ status, statusSince }: Order): StuckRow | undefined {
  const row = stuckRows[status]
  return row && clock.now().getTime() - statusSince.getTime() > row.after ? row : undefined
}

/** Orders that rest too long in a step, the longest first. */
export async function stuckOrders(em: EntityManager, first: number): Promise<StuckOrder[]> {
  const now = clock.now().getTime()
  const overdue = (Object.entries(stuckRows) as [OrderStatus, StuckRow][]).map(([status, { after }]) => ({ status, statusSince: { $lt: new Date(now - after) } }))
  const orders = await em.find(Order, { $or: overdue }, { orderBy: { statusSince: 'asc' }, limit: first })
  return orders.flatMap((order) => {
    const row = stuckBy(order)
    return row ? [{ order, ...row }] : []
  })
}
