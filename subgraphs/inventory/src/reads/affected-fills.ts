import type { EntityManager } from '@pharmagraph/platform'

/** What one recalled lot gave to one order line that has not come back. `shippedAt` null: the parcel can still be stopped. */
export type AffectedFill = {
  recallId: string; fillId: string | null; orderId: string; orderLineId: string; patientId: string; lotId: string; quantity: number
  releasedAt: Date; shippedAt: Date | null; noticeId: string | null
}

/** Everything dispensed from the lots of the recalls, whole: a list of people at risk is never cut to a page. */
export async function affectedFills(em: EntityManager, recallIds: readonly string[]): Promise<AffectedFill[]> {
  const rows = await em.execute<Record<string, string | null>[]>(
    `select named.recall_id, record.fill_id, record.order_id, record.order_line_id, record.patient_id, record.lot_id, record.quantity, record.released_at, parcel.shipped_at, notice.id as notice_id
     from recall_lot named
     join dispense_record record on record.lot_id = named.lot_id
     join reservation on reservation.order_line_id = record.order_line_id and reservation.status = 'COMMITTED'
     left join stock_request parcel on parcel.id = record.order_id
     left join recall_notice notice on notice.recall_id = named.recall_id and notice.patient_id = record.patient_id
     where named.recall_id = any(?::uuid[])
     order by record.id`,
    [`{${recallIds.join(',')}}`],
  )
  return rows.map((row) => ({
    recallId: row['recall_id']!, fillId: row['fill_id']!, orderId: row['order_id']!, orderLineId: row['order_line_id']!, patientId: row['patient_id']!, lotId: row['lot_id']!,
    quantity: Number(row['quantity']), releasedAt: new Date(row['released_at']!), shippedAt: row['shipped_at'] ? new Date(row['shipped_at']) : null, noticeId: row['notice_id'] ?? null,
  }))
}
