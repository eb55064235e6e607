import { defineLifecycle, emit, to } from '@pharmagraph/platform'
import type { Reservation, ReservationStatus } from '../entities/reservation.ts'

const system = { by: ['system'] as const }
const commit = to<ReservationStatus, Reservation>('COMMITTED', system)
const release = to<ReservationStatus, Reservation>('RELEASED', system)
const holdAgain = to<ReservationStatus, Reservation>('HELD', system)

/**
 * A hold ends by leaving the shelf, by being given back, or by time. What a pharmacist released has left the shelf, so
 * it is booked even where the time was over. An order is cancelled only before it ships: what was packed for it goes
 * back on the shelf. A hold is LOST where a recall took its lots and no others can stand in.
 */
export const reservationLifecycle = defineLifecycle<ReservationStatus, Reservation>({
  name: 'reservation',
  initial: 'HELD',
  table: {
    HELD: { commit, release, expire: to('EXPIRED', system), lose: to('LOST', system) },
    EXPIRED: { holdAgain, commit },
    LOST: { holdAgain, commit, release },
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
