import { newId, outboxRow, prepared, type Actor, type EntityManager, type EventMap } from '@pharmagraph/platform'
import { availabilityCache } from '../availability-cache.ts'
import type { Need } from '../fefo.ts'
import { reservationLifecycle } from '../lifecycles/reservation.ts'
import type { ShelfLot } from './lock-shelf.ts'

/** `isNew` where the line has no reservation yet. */
export type Hold = Need & { reservationId: string; isNew: boolean; expiresAt: Date; parts: { lot: ShelfLot; quantity: number }[] }

/**
 * Writes holds whole, in one statement: reservations, their first history rows and allocations, the lots' balances with
 * the ledger entries beside them, and the event; the same rows that `begin`, `book` and `emit` write one by one. The
 * lots are locked in the one order of `lockLots` and looked at again under the lock: where one of them is off sale or
 * short by then nothing is written, and the answer is false.
 */
export async function writeHolds(em: EntityManager, actor: Actor, orderId: string, holds: readonly Hold[], told: EventMap['inventory.stock-held.v1']): Promise<boolean> {
  const lines = holds.map(({ reservationId, isNew, orderLineId, drugId, quantity, keepsUntil, expiresAt }) =>
    ({ id: reservationId, isNew, line: orderLineId, drug: drugId, quantity, keeps: keepsUntil, expires: expiresAt }))
  const parts = holds.flatMap(({ reservationId, orderLineId, parts: taken }) => taken.map(({ lot, quantity }) =>
    ({ allocation: newId(), entry: newId(), reservation: reservationId, line: orderLineId, lot: lot.lotId, quantity })))
  for (const { drugId } of holds) availabilityCache.touch(drugId)

  const { eventId, type, subject, time, actor: by, actorRole, correlationId, causationId, traceparent, data } = outboxRow(actor, 'inventory.stock-held.v1', orderId, told)
  const [row] = await prepared<{ written: boolean }>(em, writeSql, [
    JSON.stringify(lines), JSON.stringify(parts), orderId, reservationLifecycle.name, reservationLifecycle.initial,
    by, actorRole, correlationId, time, eventId, type, subject, causationId, traceparent, JSON.stringify(data),
  ])
  return row!.written
}

const writeSql = `
  with line as materialized (
    select * from jsonb_to_recordset($1::jsonb) as given (id uuid, "isNew" boolean, line uuid, drug uuid, quantity numeric, keeps date, expires timestamptz)
  ), part as materialized (
    select * from jsonb_to_recordset($2::jsonb) as given (allocation uuid, entry uuid, reservation uuid, line uuid, lot uuid, quantity numeric)
  ), locked as materialized (
    select lot.id, taken.quantity, lot.status = 'AVAILABLE' and lot.quantity_on_hand - lot.quantity_reserved >= taken.quantity as enough
    from lot join (select lot as id, sum(quantity) as quantity from part group by 1) taken using (id)
    order by lot.expiry_date, lot.id for update of lot
  ), verdict as materialized (
    select coalesce(bool_and(enough), false) as written from locked
  ), moved as (
    update lot set quantity_reserved = lot.quantity_reserved + locked.quantity, version = lot.version + 1
    from locked, verdict where lot.id = locked.id and written
  ), reserved as (
    insert into reservation (id, order_id, order_line_id, drug_id, status, quantity, keeps_until, expires_at)
    select id, $3::uuid, line, drug, $5::text, quantity, keeps, expires from line, verdict where "isNew" and written
  ), begun as (
    insert into transition (machine, subject_id, from_state, to_state, verb, actor, actor_role, correlation_id, at)
    select $4::text, id, '', $5::text, 'begin', $6::text, $7::text, $8::text, $9::timestamptz from line, verdict where "isNew" and written
  ), allocated as (
    insert into allocation (id, reservation_id, lot_id, quantity) select allocation, reservation, lot, quantity from part, verdict where written
  ), booked as (
    insert into ledger_entry (id, lot_id, type, delta, reserved_delta, reference, actor, actor_role, correlation_id, at)
    select entry, lot, 'HOLD', 0, quantity, line, $6::text, $7::text, $8::text, $9::timestamptz from part, verdict where written
  ), told as (
    insert into outbox (event_id, type, subject, time, actor, actor_role, correlation_id, causation_id, traceparent, data)
    select $10::uuid, $11::text, $12::text, $9::timestamptz, $6::text, $7::text, $8::text, $13::text, $14::text, $15::jsonb from verdict where written
  )
  select written from verdict`
