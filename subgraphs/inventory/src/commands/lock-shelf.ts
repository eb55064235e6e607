import { prepared, type EntityManager } from '@pharmagraph/platform'
import type { Need, Shelf } from '../fefo.ts'

/** A lot that may give something. */
export type ShelfLot = Shelf & { ndc: string; batchNumber: string }

/** `cancelled` names what of the order is off: all of it, or lines. */
type Meeting = { isNew: boolean; cancelled: boolean; cancelledLines: string[]; shelf: ShelfLot[] }

/**
 * Meets an order and reads the shelf for its needs, in one statement. The order's row stays locked to the end of the
 * transaction: a hold and a cancellation of one order never pass each other unseen. Only under that row are
 * reservations made, so an order that is new has none.
 */
export async function meetOrder(em: EntityManager, orderId: string, needs: readonly Need[]): Promise<Meeting> {
  const rows = await prepared<{ is_new: boolean; cancelled: boolean; cancelled_lines: string[] } & Partial<Row>>(em, `
     with request as (
       insert into stock_request (id) values ($3) on conflict (id) do update set cancelled_at = stock_request.cancelled_at
       returning xmax::text = '0' as is_new, cancelled_at is not null as cancelled, cancelled_lines
     )
     select request.is_new, request.cancelled, request.cancelled_lines, shelf.* from request left join (${shelfSql}) shelf on true order by shelf.expires, shelf.id`,
    [...shelfParams(needs), orderId],
  )
  const { is_new: isNew, cancelled, cancelled_lines: cancelledLines } = rows[0]!
  return { isNew, cancelled, cancelledLines, shelf: rows.flatMap((row) => (row.id ? [shelfLot(row as Row)] : [])) }
}

/** The same shelf, locked first to expire first: all writers of a drug queue in one order. */
export async function lockShelf(em: EntityManager, needs: readonly Need[]): Promise<ShelfLot[]> {
  if (needs.length === 0) return []
  return (await prepared<Row>(em, `${shelfSql} order by lot.expiry_date, lot.id for update`, shelfParams(needs))).map(shelfLot)
}

type Row = { id: string; drug_id: string; ndc: string; batch_number: string; expires: string; location_id: string; free: string }

const shelfSql = `select id, drug_id, ndc, batch_number, expiry_date::text as expires, location_id, quantity_on_hand - quantity_reserved as free
  from lot where drug_id = any($1::uuid[]) and status = 'AVAILABLE' and expiry_date >= $2::date`

const shelfParams = (needs: readonly Need[]): [string[], string] =>
  [[...new Set(needs.map(({ drugId }) => drugId))], needs.map(({ keepsUntil }) => keepsUntil).sort()[0] ?? '9999-12-31']

const shelfLot = ({ id, drug_id: drugId, ndc, batch_number: batchNumber, expires: expiryDate, location_id: locationId, free }: Row): ShelfLot =>
  ({ lotId: id, drugId, ndc, batchNumber, expiryDate, locationId, free: Number(free) })
