import type { EntityManager } from '@pharmagraph/platform'

/** Making and cancelling the parcel of one order wait for each other: neither row may be there to lock. */
export async function lockShipmentsOf(em: EntityManager, orderId: string): Promise<void> {
  await em.execute('select pg_advisory_xact_lock(hashtextextended(?, 0))', [`shipments of ${orderId}`])
}
