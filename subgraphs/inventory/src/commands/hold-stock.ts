import { addDays, apply, begin, clock, emit, invalid, newId, type Actor, type EntityManager, type EventMap } from '@pharmagraph/platform'
import { LockMode } from '@mikro-orm/postgresql'
import { access } from '../access.ts'
import { Lot } from '../entities/lot.ts'
import { Allocation, Reservation } from '../entities/reservation.ts'
import { allot, type Need, type Shelf } from '../fefo.ts'
import { reservationLifecycle } from '../lifecycles/reservation.ts'
import { checkUnits, units } from '../quantity.ts'
import { policyToday } from '../reads/policy.ts'
import { book } from './book.ts'
import { lockOrder } from './lock-order.ts'

type Request = EventMap['orders.stock-requested.v1']
type Policy = Awaited<ReturnType<typeof policyToday>>

/**
 * Holds lots for every line of an order, or nothing, and tells which. A request that comes again is answered with the
 * hold it has; after the order was cancelled it is not answered at all.
 */
export async function holdStock(em: EntityManager, actor: Actor, request: Request): Promise<void> {
  access.must(actor, 'stock:hold', undefined)
  for (const { quantity } of request.lines) {
    checkUnits('quantity', quantity)
    if (quantity <= 0) throw invalid('quantity', 'hold more than nothing')
  }
  const { orderId } = request
  const { cancelled } = await lockOrder(em, orderId)
  if (cancelled) return

  const known = await em.find(Reservation, { orderId }, { orderBy: { id: 'asc' }, lockMode: LockMode.PESSIMISTIC_WRITE })
  const live = known.filter(({ status }) => status !== 'EXPIRED' && status !== 'LOST')
  const policy = await policyToday(em)
  const needs = request.lines.filter(({ orderLineId }) => !live.some((one) => one.orderLineId === orderLineId)).map((line) => needOf(line, request.shipDate, policy))
  const lots = await lockCandidates(em, needs)
  const { picks, short } = allot(needs, lots.map(shelfOf), { maxLots: policy.MAX_LOTS_PER_LINE, singleLotWindowDays: policy.SINGLE_LOT_WINDOW_DAYS })
  if (short) {
    emit(em, actor, 'inventory.stock-refused.v1', orderId, { orderId, short })
    return
  }
  const held = await holdsOf(em, live)
  const expiresAt = new Date(clock.now().getTime() + policy.HOLD_DAYS * 86_400_000)
  for (const need of needs) {
    const reservation = await reserve(em, actor, orderId, need, expiresAt, known.find(({ orderLineId }) => orderLineId === need.orderLineId))
    const parts = picks.get(need.orderLineId)!.map(({ lotId, quantity }) => ({ lot: lots.find(({ id }) => id === lotId)!, quantity }))
    for (const { lot, quantity } of parts) {
      em.create(Allocation, { id: newId(), reservationId: reservation.id, lotId: lot.id, quantity })
      book(em, actor, lot, { type: 'HOLD', reservedDelta: quantity, reference: need.orderLineId })
    }
    held.push({ reservation, parts })
  }
  tellHeld(em, actor, orderId, held)
}

/** The units must last from the day they ship through the supply and the minimum dating. */
const needOf = (line: Request['lines'][number], shipDate: string, policy: Policy): Need => ({
  orderLineId: line.orderLineId, drugId: line.drugId, quantity: line.quantity,
  keepsUntil: addDays(shipDate, (line.daysSupply ?? policy.DEFAULT_DAYS_SUPPLY) + policy.MINIMUM_DATING_DAYS),
})

export const shelfOf = (lot: Lot): Shelf => ({
  lotId: lot.id, drugId: lot.drugId, locationId: lot.locationId, expiryDate: lot.expiryDate, free: units(lot.quantityOnHand - lot.quantityReserved),
})

/** Every lot that may give something, locked first to expire first: all buyers of a drug queue in one order. */
async function lockCandidates(em: EntityManager, needs: readonly Need[]): Promise<Lot[]> {
  if (needs.length === 0) return []
  const soonest = needs.map(({ keepsUntil }) => keepsUntil).sort()[0]!
  const where = { drugId: { $in: [...new Set(needs.map(({ drugId }) => drugId))] }, status: 'AVAILABLE' as const, expiryDate: { $gte: soonest } }
  return em.find(Lot, where, { orderBy: { expiryDate: 'asc', id: 'asc' }, lockMode: LockMode.PESSIMISTIC_WRITE })
}

/** A new reservation, or the line's own that had run out or was lost, with other lots. */
async function reserve(em: EntityManager, actor: Actor, orderId: string, need: Need, expiresAt: Date, ended: Reservation | undefined): Promise<Reservation> {
  const { orderLineId, drugId, quantity, keepsUntil } = need
  if (ended) {
    await em.nativeDelete(Allocation, { reservationId: ended.id })
    Object.assign(ended, { quantity, keepsUntil, expiresAt })
    apply(em, actor, reservationLifecycle, ended, 'holdAgain')
    return ended
  }
  const reservation = em.create(Reservation, { id: newId(), orderId, orderLineId, drugId, quantity, status: 'HELD', keepsUntil, expiresAt })
  begin(em, actor, reservationLifecycle, reservation)
  return reservation
}

type Hold = { reservation: Reservation; parts: { lot: Lot; quantity: number }[] }

async function holdsOf(em: EntityManager, reservations: readonly Reservation[]): Promise<Hold[]> {
  if (reservations.length === 0) return []
  const allocations = await em.find(Allocation, { reservationId: { $in: reservations.map(({ id }) => id) } }, { orderBy: { id: 'asc' } })
  const lots = new Map((await em.find(Lot, { id: { $in: allocations.map(({ lotId }) => lotId) } })).map((lot) => [lot.id, lot]))
  return reservations.map((reservation) => ({
    reservation,
    parts: allocations.filter(({ reservationId }) => reservationId === reservation.id).map(({ lotId, quantity }) => ({ lot: lots.get(lotId)!, quantity })),
  }))
}

/** An allocation as events tell it. */
export const toldOf = ({ lot: { id: lotId, batchNumber, ndc, expiryDate, locationId }, quantity }: { lot: Lot; quantity: number }) =>
  ({ lotId, lotNumber: batchNumber, ndc, expiryDate, locationId, quantity })

function tellHeld(em: EntityManager, actor: Actor, orderId: string, held: readonly Hold[]): void {
  emit(em, actor, 'inventory.stock-held.v1', orderId, {
    orderId,
    expiresAt: new Date(Math.min(...held.map(({ reservation }) => reservation.expiresAt.getTime()))).toISOString(),
    lines: held.map(({ reservation: { id, orderLineId, drugId }, parts }) => ({ reservationId: id, orderLineId, drugId, allocations: parts.map(toldOf) })),
  })
}
