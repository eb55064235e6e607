import { apply, clock, type Actor, type EntityManager } from '@pharmagraph/platform'
import { LockMode } from '@mikro-orm/postgresql'
import { access } from '../access.ts'
import { Allocation, Reservation } from '../entities/reservation.ts'
import { reservationLifecycle } from '../lifecycles/reservation.ts'
import { book, lockLots, type Movement } from './book.ts'
import { lockOrder } from './lock-order.ts'

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

async function giveBack(em: EntityManager, actor: Actor, reservations: readonly Reservation[], verbFor: (reservation: Reservation) => string): Promise<void> {
  const allocations = await em.find(Allocation, { reservationId: { $in: reservations.map(({ id }) => id) } }, { orderBy: { id: 'asc' } })
  const lots = await lockLots(em, allocations.map(({ lotId }) => lotId))
  for (const reservation of reservations) {
    const reference = reservation.orderLineId
    for (const { lotId, quantity } of allocations.filter(({ reservationId }) => reservationId === reservation.id)) {
      const movement: Movement = reservation.status === 'HELD' ? { type: 'RELEASE', reservedDelta: -quantity, reference } : { type: 'RETURN', delta: quantity, reference }
      book(em, actor, lots.get(lotId)!, movement)
    }
    apply(em, actor, reservationLifecycle, reservation, verbFor(reservation))
  }
}
