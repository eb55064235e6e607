import { addDays, AppError, apply, clock, emit, invalid, newId, type Actor, type EntityManager, type EventMap } from '@pharmagraph/platform'
import { LockMode } from '@mikro-orm/postgresql'
import { access } from '../access.ts'
import type { Lot } from '../entities/lot.ts'
import { Allocation, Reservation } from '../entities/reservation.ts'
import { allot, type Need, type Pick as Picked } from '../fefo.ts'
import { reservationLifecycle } from '../lifecycles/reservation.ts'
import { checkUnits, units } from '../quantity.ts'
import { policyToday, type Policy } from '../reads/policy.ts'
import { lockShelf, meetOrder, type ShelfLot } from './lock-shelf.ts'
import { writeHolds, type Hold } from './write-holds.ts'

type Request = EventMap['orders.stock-requested.v1']

/**
 * Holds lots for every line of an order, or nothing, and tells which. A request that comes again is answered with the
 * hold it has; after the order was cancelled it is not answered at all.
 *
 * Lots are chosen from a shelf read without a lock and looked at again, under their locks, by the statement that writes:
 * an order seen for the first time costs two statements, and buyers of one drug wait for each other during the second
 * only. Who finds the shelf changed chooses again from a locked one; nobody is refused but from there.
 */
export async function holdStock(em: EntityManager, actor: Actor, request: Request): Promise<void> {
  access.must(actor, 'stock:hold', undefined)
  for (const { quantity } of request.lines) {
    checkUnits('quantity', quantity)
    if (quantity <= 0) throw invalid('quantity', 'hold more than nothing')
  }
  const { orderId } = request
  const policy = await policyToday(em)
  const rules = { maxLots: policy.MAX_LOTS_PER_LINE, singleLotWindowDays: policy.SINGLE_LOT_WINDOW_DAYS }
  const asked = request.lines.map((line) => needOf(line, request.shipDate, policy))
  const { isNew, cancelled, cancelledLines, shelf } = await meetOrder(em, orderId, asked)
  if (cancelled) return

  const before = isNew ? [] : await em.find(Reservation, { orderId }, { orderBy: { id: 'asc' }, lockMode: LockMode.PESSIMISTIC_WRITE })
  const live = before.filter(({ status }) => status !== 'EXPIRED' && status !== 'LOST')
  const needs = asked.filter(({ orderLineId }) => !live.some((one) => one.orderLineId === orderLineId) && !cancelledLines.includes(orderLineId))
  const known = await holdsOf(em, live)
  if (needs.length === 0 && known.length === 0) return
  if (needs.length === 0) return emit(em, actor, 'inventory.stock-held.v1', orderId, stockHeld(orderId, known))

  const expiresAt = new Date(clock.now().getTime() + policy.HOLD_DAYS * 86_400_000)
  const hold = (lots: readonly ShelfLot[], picks: Map<string, Picked[]>): Promise<boolean> => {
    const holds = needs.map((need) => holdOf(need, picks.get(need.orderLineId)!, lots, expiresAt, before))
    return writeHolds(em, actor, orderId, holds, stockHeld(orderId, [...known, ...holds]))
  }
  const first = isNew ? allot(needs, shelf, rules) : undefined
  if (first?.picks && (await hold(shelf, first.picks))) return

  const locked = await lockShelf(em, needs)
  const { picks, short } = allot(needs, locked, rules)
  if (short) return emit(em, actor, 'inventory.stock-refused.v1', orderId, { orderId, short })
  await holdAgain(em, actor, before, needs, expiresAt)
  if (!(await hold(locked, picks))) throw new AppError('INTERNAL', 'a locked lot has moved')
}

/** What is to be held for one line, in its reservation of `before` if it had one. */
function holdOf(need: Need, picks: readonly Picked[], lots: readonly ShelfLot[], expiresAt: Date, before: readonly Reservation[]): Hold {
  const ended = before.find(({ orderLineId }) => orderLineId === need.orderLineId)
  const parts = picks.map(({ lotId, quantity }) => ({ lot: lots.find((lot) => lot.lotId === lotId)!, quantity }))
  return { ...need, reservationId: ended?.id ?? newId(), isNew: !ended, expiresAt, parts }
}

/** Reservations that had run out or were lost start again, without their old lots. */
async function holdAgain(em: EntityManager, actor: Actor, before: readonly Reservation[], needs: readonly Need[], expiresAt: Date): Promise<void> {
  for (const { orderLineId, quantity, keepsUntil } of needs) {
    const ended = before.find((one) => one.orderLineId === orderLineId)
    if (!ended) continue
    await em.nativeDelete(Allocation, { reservationId: ended.id })
    Object.assign(ended, { quantity, keepsUntil, expiresAt })
    apply(em, actor, reservationLifecycle, ended, 'holdAgain')
  }
  await em.flush()
}

/** The units must last from the day they ship through the supply and the minimum dating. */
const needOf = (line: Request['lines'][number], shipDate: string, policy: Policy): Need => ({
  orderLineId: line.orderLineId, drugId: line.drugId, quantity: line.quantity,
  keepsUntil: addDays(shipDate, (line.daysSupply ?? policy.DEFAULT_DAYS_SUPPLY) + policy.MINIMUM_DATING_DAYS),
})

/** A line that is held, as its event tells it. */
type HeldLine = Pick<Hold, 'reservationId' | 'orderLineId' | 'drugId' | 'expiresAt'> & { parts: { lot: Told; quantity: number }[] }
type Told = Pick<ShelfLot, 'lotId' | 'batchNumber' | 'ndc' | 'expiryDate' | 'locationId'>

async function holdsOf(em: EntityManager, reservations: readonly Reservation[]): Promise<HeldLine[]> {
  if (reservations.length === 0) return []
  const rows = await em.execute<Record<'reservation_id' | 'id' | 'batch_number' | 'ndc' | 'expiry_date' | 'location_id' | 'quantity', string>[]>(
    `select allocation.reservation_id, allocation.quantity, lot.id, lot.batch_number, lot.ndc, lot.expiry_date::text as expiry_date, lot.location_id
     from allocation join lot on lot.id = allocation.lot_id where allocation.reservation_id = any(?::uuid[]) order by allocation.id`,
    [`{${reservations.map(({ id }) => id).join(',')}}`],
  )
  const parts = Map.groupBy(rows, ({ reservation_id }) => reservation_id)
  return reservations.map(({ id, orderLineId, drugId, expiresAt }) => ({
    reservationId: id, orderLineId, drugId, expiresAt,
    parts: (parts.get(id) ?? []).map((row) => ({
      lot: { lotId: row.id, batchNumber: row.batch_number, ndc: row.ndc, expiryDate: row.expiry_date, locationId: row.location_id }, quantity: Number(row.quantity),
    })),
  }))
}

/** An allocation as events tell it. */
export const toldOf = ({ lot: { lotId, batchNumber, ndc, expiryDate, locationId }, quantity }: { lot: Told; quantity: number }) =>
  ({ lotId, lotNumber: batchNumber, ndc, expiryDate, locationId, quantity })

/** A locked lot as FEFO and events see it. */
export const shelfOf = ({ id, drugId, ndc, batchNumber, expiryDate, locationId, quantityOnHand, quantityReserved }: Lot): ShelfLot =>
  ({ lotId: id, drugId, ndc, batchNumber, expiryDate, locationId, free: units(quantityOnHand - quantityReserved) })

const stockHeld = (orderId: string, lines: readonly HeldLine[]): EventMap['inventory.stock-held.v1'] => ({
  orderId,
  expiresAt: new Date(Math.min(...lines.map(({ expiresAt }) => expiresAt.getTime()))).toISOString(),
  lines: lines.map(({ reservationId, orderLineId, drugId, parts }) => ({ reservationId, orderLineId, drugId, allocations: parts.map(toldOf) })),
})
