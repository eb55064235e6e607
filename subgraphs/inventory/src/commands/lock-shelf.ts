import type { EntityManager } from '@pharmagraph/platform'
import type { Need, Shelf } from '../fefo.ts'

/** A lot of the shelf, locked to the end of the transaction, at the version it was locked at. */
export type ShelfLot = Shelf & { version: number; ndc: string; batchNumber: string }

/**
 * Meets an order and, where nothing was known of it, locks the shelf for its needs, in one statement. The order's row is
 * taken first: a hold and a cancellation of one order never pass each other unseen. Only under that row are reservations
 * made, so an order that is new has none.
 */
export async function meetOrder(em: EntityManager, orderId: string, needs: readonly Need[]): Promise<{ isNew: boolean; cancelled: boolean; shelf: ShelfLot[] }> {
  const rows = await em.execute<(Meeting & Partial<Row>)[]>(
    `with request as (
       insert into stock_request (id) values (?) on conflict (id) do update set cancelled_at = stock_request.cancelled_at
       returning xmax::text = '0' as is_new, cancelled_at is not null as cancelled
     ), shelf as materialized (${shelfSql} and exists (select from request where is_new) ${inLockOrder})
     select request.is_new, request.cancelled, shelf.* from request left join shelf on true order by shelf.expiry_date, shelf.id`,
    [orderId, ...shelfParams(needs)],
  )
  const { is_new: isNew, cancelled } = rows[0]!
  return { isNew, cancelled, shelf: rows.flatMap((row) => (row.id ? [shelfLot(row as Row)] : [])) }
}

/** Every lot that may give something, locked first to expire first: all buyers of a drug queue in one order. */
export async function lockShelf(em: EntityManager, needs: readonly Need[]): Promise<ShelfLot[]> {
  if (needs.length === 0) return []
  return (await em.execute<Row[]>(`${shelfSql} ${inLockOrder}`, shelfParams(needs))).map(shelfLot)
}

type Meeting = { is_new: boolean; cancelled: boolean }
type Row = { id: string; version: number; drug_id: string; ndc: string; batch_number: string; expiry_date: string; location_id: string; free: string }

const shelfSql = `select id, version, drug_id, ndc, batch_number, expiry_date::text as expiry_date, location_id, quantity_on_hand - quantity_reserved as free
  from lot where drug_id = any(?::uuid[]) and status = 'AVAILABLE' and lot.expiry_date >= ?`
const inLockOrder = 'order by lot.expiry_date, lot.id for update'

const shelfParams = (needs: readonly Need[]): string[] =>
  [`{${[...new Set(needs.map(({ drugId }) => drugId))].join(',')}}`, needs.map(({ keepsUntil }) => keepsUntil).sort()[0]!]

const shelfLot = ({ id, version, drug_id: drugId, ndc, batch_number: batchNumber, expiry_date: expiryDate, location_id: locationId, free }: Row): ShelfLot =>
  ({ lotId: id, version, drugId, ndc, batchNumber, expiryDate, locationId, free: Number(free) })
