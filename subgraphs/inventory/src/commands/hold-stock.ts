import { addDays, apply, begin, clock, emit, invalid, newId, type Actor, type EntityManager, type EventMap } from '@pharmagraph/platform'
import { LockMode } from '@mikro-orm/postgresql'
import { access } from '../access.ts'
import { Lot } from '../entities/lot.ts'
import { Allocation, Reservation } from '../entities/reservation.ts'
import { StockRequest } from '../entities/stock-request.ts'
import { allot, type Need, type Pick } from '../fefo.ts'
import { reservationLifecycle } from '../lifecycles/reservation.ts'
import { checkUnits, units } from '../quantity.ts'
import { policyToday } from '../reads/policy.ts'
import { book } from './book.ts'

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
  const order = await lockOrder(em, request.orderId)
  if (order.cancelledAt) return

  const known = await em.find(Reservation, { orderId: request.orderId }, { orderBy: { id: 'asc' }, lockMode: LockMode.PESSIMISTIC_WRITE })
  const live = new Set(known.filter(({ status }) => status !== 'EXPIRED').map(({ orderLineId }) => orderLineId))
  const lines = request.lines.filter(({ orderLineId }) => !live.has(orderLineId))

  const policy = await policyToday(em)
  const needs = lines.map((line) => needOf(line, request.shipDate, policy))
  const lots = await lockCandidates(em, needs)
  const shelves = lots.map((lot) => ({
    lotId: lot.id, drugId: lot.drugId, locationId: lot.locationId, expiryDate: lot.expiryDate, free: units(lot.quantityOnHand - lot.quantityReserved),
  }))
  const { picks, short } = allot(needs, shelves, { maxLots: policy.MAX_LOTS_PER_LINE, singleLotWindowDays: policy.SINGLE_LOT_WINDOW_DAYS })
  if (short) {
    emit(em, actor, 'inventory.stock-refused.v1', request.orderId, { orderId: request.orderId, short })
    return
  }
  const byId = new Map(lots.map((lot) => [lot.id, lot]))
  const expiresAt = new Date(clock.now().getTime() + policy.HOLD_DAYS * 86_400_000)
  for (const need of needs) {
    const earlier = known.find(({ orderLineId }) => orderLineId === need.orderLineId)
    await hold(em, actor, request.orderId, need, picks.get(need.orderLineId)!, byId, expiresAt, earlier)
  }
  await em.flush()
  await tellHeld(em, actor, request.orderId)
}

/** The order's row, made on first sight and locked: a hold and a cancellation of one order never pass each other unseen. */
export async function lockOrder(em: EntityManager, orderId: string): Promise<StockRequest> {
  await em.execute('insert into stock_request (id) values (?) on conflict do nothing', [orderId])
  return em.findOneOrFail(StockRequest, { id: orderId }, { lockMode: LockMode.PESSIMISTIC_WRITE })
}

/** The units must last from the day they ship through the supply and the minimum dating. */
const needOf = (line: Request['lines'][number], shipDate: string, policy: Policy): Need => ({
  orderLineId: line.orderLineId, drugId: line.drugId, quantity: line.quantity,
  keepsUntil: addDays(shipDate, (line.daysSupply ?? policy.DEFAULT_DAYS_SUPPLY) + policy.MINIMUM_DATING_DAYS),
})

/** Every lot that may give something, locked first to expire first: all buyers of a drug queue in one order. */
async function lockCandidates(em: EntityManager, needs: readonly Need[]): Promise<Lot[]> {
  if (needs.length === 0) return []
  const soonest = needs.map(({ keepsUntil }) => keepsUntil).sort()[0]!
  const where = { drugId: { $in: [...new Set(needs.map(({ drugId }) => drugId))] }, status: 'AVAILABLE' as const, expiryDate: { $gte: soonest } }
  return em.find(Lot, where, { orderBy: { expiryDate: 'asc', id: 'asc' }, lockMode: LockMode.PESSIMISTIC_WRITE })
}

async function hold(
  em: EntityManager, actor: Actor, orderId: string, need: Need, picks: readonly Pick[], lots: Map<string, Lot>, expiresAt: Date, earlier: Reservation | undefined,
): Promise<void> {
  const { orderLineId, drugId, quantity } = need
  if (earlier) {
    await em.nativeDelete(Allocation, { reservationId: earlier.id })
    Object.assign(earlier, { quantity, expiresAt })
    apply(em, actor, reservationLifecycle, earlier, 'holdAgain')
  }
  const reservation = earlier ?? em.create(Reservation, { id: newId(), orderId, orderLineId, drugId, quantity, status: 'HELD', expiresAt })
  if (!earlier) begin(em, actor, reservationLifecycle, reservation)
  for (const pick of picks) {
    em.create(Allocation, { id: newId(), reservationId: reservation.id, lotId: pick.lotId, quantity: pick.quantity })
    book(em, actor, lots.get(pick.lotId)!, { type: 'HOLD', reservedDelta: pick.quantity, reference: orderLineId })
  }
}

async function tellHeld(em: EntityManager, actor: Actor, orderId: string): Promise<void> {
  const reservations = await em.find(Reservation, { orderId }, { orderBy: { id: 'asc' } })
  const allocations = await em.find(Allocation, { reservationId: { $in: reservations.map(({ id }) => id) } }, { orderBy: { id: 'asc' } })
  const lots = new Map((await em.find(Lot, { id: { $in: allocations.map(({ lotId }) => lotId) } })).map((lot) => [lot.id, lot]))
  emit(em, actor, 'inventory.stock-held.v1', orderId, {
    orderId,
    expiresAt: new Date(Math.min(...reservations.map(({ expiresAt }) => expiresAt.getTime()))).toISOString(),
    lines: reservations.map(({ id, orderLineId, drugId }) => ({
      reservationId: id, orderLineId, drugId,
      allocations: allocations.filter(({ reservationId }) => reservationId === id).map(({ lotId, quantity }) => {
        const { batchNumber, ndc, expiryDate, locationId } = lots.get(lotId)!
        return { lotId, lotNumber: batchNumber, ndc, expiryDate, locationId, quantity }
      }),
    })),
  })
}
