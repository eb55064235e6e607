import type { EntityManager } from '@pharmagraph/platform'

/**
 * The order's row, made on first sight and locked to the end of the transaction: a hold and a cancellation of one order
 * never pass each other unseen. Answers whether the order is cancelled, now or before.
 */
export async function lockOrder(em: EntityManager, orderId: string, cancelledAt: Date | null = null): Promise<{ cancelled: boolean }> {
  const [row] = await em.execute<{ cancelled: boolean }[]>(
    `insert into stock_request (id, cancelled_at) values (?, ?)
     on conflict (id) do update set cancelled_at = coalesce(stock_request.cancelled_at, excluded.cancelled_at)
     returning cancelled_at is not null as cancelled`,
    [orderId, cancelledAt],
  )
  return { cancelled: row?.cancelled ?? false }
}
