import { addDays, apply, clock, emit, invalid, newId, type Actor, type EntityManager, type EventMap } from '@pharmagraph/platform'
import { LockMode } from '@mikro-orm/postgresql'
import { access } from '../access.ts'
import type { Lot } from '../entities/lot.ts'
import { Allocation, Reservation } from '../entities/reservation.ts'
import { allot, type Need } from '../fefo.ts'
import { reservationLifecycle } from '../lifecycles/reservation.ts'
import { checkUnits, units } from '../quantity.ts'
import { policyToday, type Policy } from '../reads/policy.ts'
import { lockShelf, meetOrder, type ShelfLot } from './lock-shelf.ts'
import { writeHolds, type Hold } from './write-holds.ts'

type Request = EventMap['orders.stock-requested.v1']

/**
 * Holds lots for every line of an order, or nothing, and tells which. A request that comes again is answered with the
 * hold it has; after the order was cancelled it is not answered at all. An order seen for the first time costs two
 * statements: one that meets the order and locks the shelf, one that writes everything.
 */
export async function holdStock(em: EntityManager, actor: Actor, request: Request): Promise<void> {
  access.must(actor, 'stock:hold', undefined)
  for (const { quantity } of request.lines) {
    checkUnits('quantity', quantity)
    if (quantity <= 0) throw invalid('quantity', 'hold more than nothing')
  }
  const { orderId } = request
  const policy = await policyToday(em)
  const asked = request.lines.map((line) => needOf(line, request.shipDate, policy))
  const order = await meetOrder(em, orderId, asked)
  if (order.cancelled) return

  const before = order.isNew ? [] : await em.find(Reservation, { orderId }, { orderBy: { id: 'asc' }, lockMode: LockMode.PESSIMISTIC_WRITE })
  const live = before.filter(({ status }) => status !== 'EXPIRED' && status !== 'LOST')
  const needs = asked.filter(({ orderLineId }) => !live.some((one) => one.orderLineId === orderLineId))
  const shelf = order.isNew ? order.shelf : await lockShelf(em, needs)
  const { picks, short } = allot(needs, shelf, { maxLots: policy.MAX_LOTS_PER_LINE, singleLotWindowDays: policy.SINGLE_LOT_WINDOW_DAYS })
  if (short) {
    emit(em, actor, 'inventory.stock-refused.v1', orderId, { orderId, short })
    return
  }
  const lots = new Map(shelf.map((lot) => [lot.lotId, lot]))
  const expiresAt = new Date(clock.now().getTime() + policy.HOLD_DAYS * 86_400_000)
  const holds: Hold[] = []
  for (const need of needs) {
    const ended = before.find(({ orderLineId }) => orderLineId === need.orderLineId)
    if (ended) await holdAgain(em, actor, ended, need, expiresAt)
    const parts = picks.get(need.orderLineId)!.map(({ lotId, quantity }) => ({ lot: lots.get(lotId)!, quantity }))
    holds.push({ ...need, reservationId: ended?.id ?? newId(), isNew: !ended, expiresAt, parts })
  }
  await writeHolds(em, actor, orderId, holds, stockHeld(orderId, [...(await holdsOf(em, live)), ...holds]))
}

/** The units must last from the day they ship through the supply and the minimum dating. */
const needOf = (line: Request['lines'][number], shipDate: string, policy: Policy): Need => ({
  orderLineId: line.orderLineId, drugId: line.drugId, quantity: line.quantity,
  keepsUntil: addDays(shipDate, (line.daysSupply ?? policy.DEFAULT_DAYS_SUPPLY) + policy.MINIMUM_DATING_DAYS),
})

/** The line's own reservation, which had run out or was lost, starts again without its old lots. */
async function holdAgain(em: EntityManager, actor: Actor, ended: Reservation, { quantity, keepsUntil }: Need, expiresAt: Date): Promise<void> {
  await em.nativeDelete(Allocation, { reservationId: ended.id })
  Object.assign(ended, { quantity, keepsUntil, expiresAt })
  apply(em, actor, reservationLifecycle, ended, 'holdAgain')
}

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
export const shelfOf = ({ id, version, drugId, ndc, batchNumber, expiryDate, locationId, quantityOnHand, quantityReserved }: Lot): ShelfLot =>
  ({ lotId: id, version, drugId, ndc, batchNumber, expiryDate, locationId, free: units(quantityOnHand - quantityReserved) })

const stockHeld = (orderId: string, lines: readonly HeldLine[]): EventMap['inventory.stock-held.v1'] => ({
  orderId,
  expiresAt: new Date(Math.min(...lines.map(({ expiresAt }) => expiresAt.getTime()))).toISOString(),
  lines: lines.map(({ reservationId, orderLineId, drugId, parts }) => ({ reservationId, orderLineId, drugId, allocations: parts.map(toldOf) })),
})
