import { clock, type Actor, type EntityManager, type EventMap } from '@pharmagraph/platform'
import { access } from '../access.ts'
import { lockOrder } from './lock-order.ts'

const leftTheHouse = ['SHIPPED', 'DELIVERED', 'CLOSED', 'DELIVERY_EXCEPTION', 'RETURNED']

/** Remembers that an order's parcel has left the house; said again it changes nothing. */
export async function knowShipped(em: EntityManager, actor: Actor, { orderId, to }: EventMap['orders.order-status-changed.v1']): Promise<void> {
  access.must(actor, 'stock:commit', undefined)
  if (!leftTheHouse.includes(to)) return
  await lockOrder(em, orderId)
  await em.execute('update stock_request set shipped_at = ? where id = ? and shipped_at is null', [clock.now(), orderId])
}
