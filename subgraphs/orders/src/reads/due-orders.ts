import { type EntityManager } from '@pharmagraph/platform'
import { Order } from '../entities/order.ts'

/** Orders a job is to act on, locked; those somebody else works on just now are left for the next run. */
export async function lockDue(em: EntityManager, where: string, params: unknown[]): Promise<Order[]> {
  const rows = await em.execute<{ id: string }[]>(`select id from customer_order where ${where} order by id limit 100 for update skip locked`, params)
  return em.find(Order, { id: { $in: rows.map(({ id }) => id) } }, { orderBy: { id: 'asc' } })
}
