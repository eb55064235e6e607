import { apply, begin, clock, newId, type Actor, type EntityManager } from '@pharmagraph/platform'
import { LockMode } from '@mikro-orm/postgresql'
import { access } from '../access.ts'
import { Lot, type LotOrigin } from '../entities/lot.ts'
import { Allocation, Reservation } from '../entities/reservation.ts'
import { lotLifecycle } from '../lifecycles/lot.ts'
import { reservationLifecycle } from '../lifecycles/reservation.ts'
import { book, lockLots } from './book.ts'
import { lockOrder } from './lock-order.ts'
import { applyOpenRecalls } from './recall-lots.ts'

/** Gives back what an order holds or has packed, and remembers the cancellation, should the request it cancels come later. */
export async function releaseOrder(em: EntityManager, actor: Actor, { orderId }: { orderId: string }): Promise<void> {
  access.must(actor, 'stock:release', undefined)
  await lockOrder(em, orderId, clock.now())
  const live = await em.find(Reservation, { orderId, status: { $in: ['HELD', 'COMMITTED', 'LOST'] } }, { orderBy: { id: 'asc' }, lockMode: LockMode.PESSIMISTIC_WRITE })
  await giveBack(em, actor, live, verbToGiveBack)
}

/** Gives back what one line holds or has packed while the order goes on without it; remembered like a cancellation. */
export async function releaseLine(em: EntityManager, actor: Actor, { orderId, orderLineId }: { orderId: string; orderLineId: string }): Promise<void> {
  access.must(actor, 'stock:release', undefined)
  await lockOrder(em, orderId)
  await em.execute('update stock_request set cancelled_lines = array_append(cancelled_lines, ?) where id = ? and not ? = any(cancelled_lines)', [orderLineId, orderId, orderLineId])
  const live = await em.find(Reservation, { orderId, orderLineId, status: { $in: ['HELD', 'COMMITTED', 'LOST'] } }, { lockMode: LockMode.PESSIMISTIC_WRITE })
  await giveBack(em, actor, live, verbToGiveBack)
}

const verbToGiveBack = ({ status }: Reservation): string => (status === 'COMMITTED' ? 'returnToStock' : 'release')

/** Gives back holds whose time is over, a few hundred at a time; those that another transaction has in hand wait for the next round. */
export async function expireHolds(em: EntityManager, actor: Actor): Promise<void> {
  access.must(actor, 'stock:release', undefined)
  const due = await em.find(Reservation, { status: 'HELD', expiresAt: { $lt: clock.now() } }, {
    orderBy: { id: 'asc' }, limit: 500, lockMode: LockMode.PESSIMISTIC_PARTIAL_WRITE,
  })
  await giveBack(em, actor, due, () => 'expire')
}

/**
 * A released fill, or a parcel, came back: what was packed of it goes into quarantine, not on the shelf. Lines are named
 * by id or by the part of the order they travelled in; said twice it comes back once.
 */
export async function takeBack(em: EntityManager, actor: Actor, { orderId, which, origin }: { orderId: string; which: object; origin: LotOrigin }): Promise<void> {
  access.must(actor, 'stock:release', undefined)
  await lockOrder(em, orderId)
  const packed = await em.find(Reservation, { orderId, status: 'COMMITTED', ...which }, { orderBy: { id: 'asc' }, lockMode: LockMode.PESSIMISTIC_WRITE })
  await giveBack(em, actor, packed, verbToGiveBack, origin)
}

async function giveBack(em: EntityManager, actor: Actor, reservations: readonly Reservation[], verbFor: (reservation: Reservation) => string, origin: LotOrigin = 'RETURN'): Promise<void> {
  const allocations = await em.find(Allocation, { reservationId: { $in: reservations.map(({ id }) => id) } }, { orderBy: { id: 'asc' } })
  const lots = await lockLots(em, allocations.map(({ lotId }) => lotId))
  for (const reservation of reservations) {
    const reference = reservation.orderLineId
    for (const { lotId, quantity } of allocations.filter(({ reservationId }) => reservationId === reservation.id)) {
      const lot = lots.get(lotId)!
      if (reservation.status === 'HELD') book(em, actor, lot, { type: 'RELEASE', reservedDelta: -quantity, reference })
      else book(em, actor, await returnedLot(em, actor, lot, origin), { type: 'RETURN', delta: quantity, reference, reason: lotId })
    }
    apply(em, actor, reservationLifecycle, reservation, verbFor(reservation))
  }
}

/** What comes back of a lot, apart from it: quarantined until somebody has looked, recalled where the lot is. */
async function returnedLot(em: EntityManager, actor: Actor, { drugId, ndc, batchNumber, expiryDate, locationId }: Lot, origin: LotOrigin): Promise<Lot> {
  const lot = em.create(Lot, {
    id: newId(), drugId, ndc, batchNumber, expiryDate, locationId, origin, quantityOnHand: 0, quantityReserved: 0, status: 'QUARANTINE', statusBy: actor.subject, receivedAt: clock.now(), bin: null,
  })
  begin(em, actor, lotLifecycle, lot)
  await applyOpenRecalls(em, actor, [lot])
  return lot
}
