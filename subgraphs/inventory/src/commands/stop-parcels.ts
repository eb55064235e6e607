import { emit, type Actor, type EntityManager } from '@pharmagraph/platform'
import { access } from '../access.ts'

/** Asks for every parcel packed with a lot of the recall to be stopped that, as far as is known, is still in the house. */
export async function stopParcels(em: EntityManager, actor: Actor, recallId: string): Promise<void> {
  access.must(actor, 'recall:notify', undefined)
  const packed = await em.execute<{ order_id: string; order_line_id: string }[]>(
    `select distinct reservation.order_id, reservation.order_line_id
     from recall_lot named join allocation on allocation.lot_id = named.lot_id
     join reservation on reservation.id = allocation.reservation_id and reservation.status = 'COMMITTED'
     left join stock_request parcel on parcel.id = reservation.order_id
     where named.recall_id = ? and parcel.shipped_at is null`,
    [recallId],
  )
  for (const { order_id: orderId, order_line_id: orderLineId } of packed) emit(em, actor, 'inventory.parcel-stop-requested.v1', orderId, { orderId, orderLineId, recallId })
}
