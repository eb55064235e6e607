import { apply, emit, newId, type Actor, type EntityManager } from '@pharmagraph/platform'
import { LockMode } from '@mikro-orm/postgresql'
import { access } from '../access.ts'
import { Lot } from '../entities/lot.ts'
import { Allocation, Reservation } from '../entities/reservation.ts'
import { allot } from '../fefo.ts'
import { reservationLifecycle } from '../lifecycles/reservation.ts'
import { policyToday } from '../reads/policy.ts'
import { book } from './book.ts'
import { shelfOf, toldOf } from './hold-stock.ts'

/**
 * Moves live holds off lots that a recall or a suspicion took off sale, each line whole, to lots that keep as long; the
 * line that none can serve loses its hold and is told short. No new hold can come to the lots meanwhile. `recallId` is
 * the recall's or the suspect case's.
 */
export async function reallocateHolds(em: EntityManager, actor: Actor, { recallId, lotIds }: { recallId: string; lotIds: readonly string[] }): Promise<void> {
  access.must(actor, 'stock:hold', undefined)
  const touched = (await em.find(Allocation, { lotId: { $in: [...lotIds] } }, { fields: ['reservationId'] })).map(({ reservationId }) => reservationId)
  const reservations = await em.find(Reservation, { id: { $in: [...new Set(touched)] }, status: 'HELD' }, { orderBy: { id: 'asc' }, lockMode: LockMode.PESSIMISTIC_WRITE })
  if (reservations.length === 0) return

  const allocations = await em.find(Allocation, { reservationId: { $in: reservations.map(({ id }) => id) } }, { orderBy: { id: 'asc' } })
  const drugIds = [...new Set(reservations.map(({ drugId }) => drugId))]
  const lots = await em.find(Lot, { $or: [{ id: { $in: allocations.map(({ lotId }) => lotId) } }, { drugId: { $in: drugIds }, status: 'AVAILABLE' }] }, {
    orderBy: { expiryDate: 'asc', id: 'asc' }, lockMode: LockMode.PESSIMISTIC_WRITE,
  })
  const policy = await policyToday(em)
  for (const reservation of reservations) {
    const { id: reservationId, orderId, orderLineId, drugId, quantity, keepsUntil } = reservation
    for (const allocation of allocations.filter((one) => one.reservationId === reservationId)) {
      book(em, actor, lots.find(({ id }) => id === allocation.lotId)!, { type: 'RELEASE', reservedDelta: -allocation.quantity, reference: orderLineId })
      em.remove(allocation)
    }
    await em.flush() // the new allocation may name a lot of the old one
    const { picks, short } = allot([{ orderLineId, drugId, quantity, keepsUntil }], lots.filter(({ status }) => status === 'AVAILABLE').map(shelfOf), {
      maxLots: policy.MAX_LOTS_PER_LINE, singleLotWindowDays: policy.SINGLE_LOT_WINDOW_DAYS,
    })
    if (short) {
      apply(em, actor, reservationLifecycle, reservation, 'lose')
      const { requested, available } = short[0]!
      emit(em, actor, 'inventory.hold-lost.v1', orderId, { orderId, orderLineId, reservationId, drugId, recallId, requested, available })
      continue
    }
    const parts = picks.get(orderLineId)!.map((pick) => ({ lot: lots.find(({ id }) => id === pick.lotId)!, quantity: pick.quantity }))
    for (const { lot, quantity: taken } of parts) {
      em.create(Allocation, { id: newId(), reservationId, lotId: lot.id, quantity: taken })
      book(em, actor, lot, { type: 'HOLD', reservedDelta: taken, reference: orderLineId })
    }
    emit(em, actor, 'inventory.hold-reallocated.v1', orderId, { orderId, orderLineId, reservationId, drugId, recallId, allocations: parts.map(({ lot, quantity: taken }) => toldOf({ lot: shelfOf(lot), quantity: taken })) })
  }
}
