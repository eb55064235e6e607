import { defineLifecycle, emit, to } from '@pharmagraph/platform'
import type { Reservation, ReservationStatus } from '../entities/reservation.ts'

const system = { by: ['system'] as const }
const commit = to<ReservationStatus, Reservation>('COMMITTED', system)

/**
 * A hold ends by leaving the shelf, by being given back, or by time. What a pharmacist released has left the shelf, so
 * it is booked even where the time was over. An order is cancelled only before it ships: what was packed for it goes
 * back on the shelf.
 */
export const reservationLifecycle = defineLifecycle<ReservationStatus, Reservation>({
  name: 'reservation',
  initial: 'HELD',
  table: {
    HELD: { commit, release: to('RELEASED', system), expire: to('EXPIRED', system) },
    EXPIRED: { holdAgain: to('HELD', system), commit },
    COMMITTED: { returnToStock: to('RELEASED', system) },
    RELEASED: {},
  },
  announce(em, actor, { id, orderId, orderLineId, drugId, quantity }, { to: next }) {
    if (next === 'COMMITTED') emit(em, actor, 'inventory.stock-committed.v1', orderId, { orderId, orderLineId, reservationId: id, drugId, quantity })
    if (next === 'RELEASED' || next === 'EXPIRED') {
      const reason = next === 'EXPIRED' ? 'EXPIRED' : 'CANCELLED'
      emit(em, actor, 'inventory.hold-released.v1', orderId, { orderId, orderLineId, reservationId: id, reason })
    }
  },
})
