import { clock, newId, outboxRow, requestContext, roleOf, type Actor, type EntityManager, type EventMap } from '@pharmagraph/platform'
import { OptimisticLockError } from '@mikro-orm/postgresql'
import { availabilityCache } from '../availability-cache.ts'
import type { Need } from '../fefo.ts'
import { reservationLifecycle } from '../lifecycles/reservation.ts'
import type { ShelfLot } from './lock-shelf.ts'

/** `isNew` where the line has no reservation yet. */
export type Hold = Need & { reservationId: string; isNew: boolean; expiresAt: Date; parts: { lot: ShelfLot; quantity: number }[] }

/**
 * Writes holds whole, in one statement: the reservations, their first history rows and allocations, the lots' balances
 * with the ledger entries beside them, and the event. The same rows that `begin`, `book` and `emit` write one by one.
 * Each lot moves from the version it was locked at, or nothing is written and the transaction starts again.
 */
export async function writeHolds(em: EntityManager, actor: Actor, orderId: string, holds: readonly Hold[], told: EventMap['inventory.stock-held.v1']): Promise<void> {
  await em.flush() // reservations that are held again
  const reservations = holds.filter(({ isNew }) => isNew).map(({ reservationId, orderLineId, drugId, quantity, keepsUntil, expiresAt }) =>
    ({ id: reservationId, line: orderLineId, drug: drugId, quantity, keeps: keepsUntil, expires: expiresAt }))
  const parts = holds.flatMap(({ reservationId, orderLineId, parts: taken }) => taken.map(({ lot, quantity }) =>
    ({ allocation: newId(), entry: newId(), reservation: reservationId, line: orderLineId, lot: lot.lotId, version: lot.version, quantity })))
  for (const { drugId } of holds) availabilityCache.touch(drugId)

  const by = [actor.subject, roleOf(actor), requestContext().correlationId, clock.now()]
  const fact = outboxRow(actor, 'inventory.stock-held.v1', orderId, told)
  const [row] = await em.execute<{ moved: number; lots: number }[]>(
    `with line as (
       select * from jsonb_to_recordset(?::jsonb) as given (id uuid, line uuid, drug uuid, quantity numeric, keeps date, expires timestamptz)
     ), part as (
       select * from jsonb_to_recordset(?::jsonb) as given (allocation uuid, entry uuid, reservation uuid, line uuid, lot uuid, version int, quantity numeric)
     ), moved as (
       update lot set quantity_reserved = quantity_reserved + taken.quantity, version = lot.version + 1
       from (select lot, version, sum(quantity) as quantity from part group by 1, 2) taken
       where lot.id = taken.lot and lot.version = taken.version returning 1
     ), reserved as (
       insert into reservation (id, order_id, order_line_id, drug_id, status, quantity, keeps_until, expires_at)
       select id, ?, line, drug, ?, quantity, keeps, expires from line
     ), begun as (
       insert into transition (machine, subject_id, from_state, to_state, verb, actor, actor_role, correlation_id, at)
       select ?, id, '', ?, 'begin', ?, ?, ?, ?::timestamptz from line
     ), allocated as (
       insert into allocation (id, reservation_id, lot_id, quantity) select allocation, reservation, lot, quantity from part
     ), booked as (
       insert into ledger_entry (id, lot_id, type, delta, reserved_delta, reference, actor, actor_role, correlation_id, at)
       select entry, lot, 'HOLD', 0, quantity, line, ?, ?, ?, ?::timestamptz from part
     ), told as (
       insert into outbox (event_id, type, subject, time, actor, actor_role, correlation_id, causation_id, traceparent, data)
       values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?::jsonb)
     )
     select (select count(*) from moved)::int as moved, (select count(distinct lot) from part)::int as lots`,
    [
      JSON.stringify(reservations), JSON.stringify(parts), orderId, reservationLifecycle.initial, reservationLifecycle.name, reservationLifecycle.initial, ...by, ...by,
      fact.eventId, fact.type, fact.subject, fact.time, fact.actor, fact.actorRole, fact.correlationId, fact.causationId, fact.traceparent, JSON.stringify(fact.data),
    ],
  )
  if (row!.moved !== row!.lots) throw new OptimisticLockError('a lot moved between lock and write')
}
