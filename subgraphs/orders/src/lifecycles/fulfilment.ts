import { clock, defineLifecycle, emit, to, type Role } from '@pharmagraph/platform'
import type { Fulfilment, FulfilmentStatus } from '../entities/fulfilment.ts'

/** Whoever cancels an order or calls for its money back moves its parts along. */
const by: Role[] = ['system', 'patient', 'caregiver', 'support', 'pharmacist-in-charge']
const go = (next: FulfilmentStatus) => to<FulfilmentStatus, Fulfilment>(next, { by })

const travelling = { reportException: go('DELIVERY_EXCEPTION'), returnParcel: go('RETURNED') }

export const fulfilmentLifecycle = defineLifecycle<FulfilmentStatus, Fulfilment>({
  name: 'fulfilment',
  initial: 'PLANNED',
  table: {
    PLANNED: { hold: go('HELD'), backorder: go('BACKORDERED'), drop: go('CANCELLED') },
    BACKORDERED: { askForStock: go('PLANNED'), drop: go('CANCELLED') },
    HELD: { release: go('RELEASED'), drop: go('CANCELLED') },
    /** Dropped only where its money can no longer be had. */
    RELEASED: { pay: go('PAID'), drop: go('CANCELLED') },
    PAID: { ship: go('SHIPPED'), ...travelling, drop: go('CANCELLED') },
    SHIPPED: { deliver: go('DELIVERED'), ...travelling },
    DELIVERY_EXCEPTION: { ship: go('SHIPPED'), deliver: go('DELIVERED'), returnParcel: go('RETURNED') },
    DELIVERED: {},
    RETURNED: {},
    CANCELLED: {},
  },
  announce(em, actor, fulfilment, { from, to: next, reason }) {
    fulfilment.statusSince = clock.now()
    const { id: fulfilmentId, orderId, patientId } = fulfilment
    emit(em, actor, 'orders.fulfilment-status-changed.v1', orderId, { fulfilmentId, orderId, patientId, from, to: next, reasonCode: reason ?? null })
  },
})

/** Not released yet: it may still be left out, and a capture must leave its money on the card. */
export const isAhead = (status: FulfilmentStatus): boolean => status === 'PLANNED' || status === 'BACKORDERED' || status === 'HELD'

/** How far along a part is, in the steps an order takes. */
export const rankOf: Record<Exclude<FulfilmentStatus, 'CANCELLED'>, number> = {
  PLANNED: 0, BACKORDERED: 0, HELD: 0, RELEASED: 1, PAID: 2, SHIPPED: 3, DELIVERY_EXCEPTION: 3, DELIVERED: 4, RETURNED: 4,
}
