import { defineLifecycle, to, type Role } from '@pharmagraph/platform'
import type { OrderLine, OrderLineStatus } from '../entities/order.ts'

const by: Role[] = ['system', 'patient', 'caregiver', 'support', 'pharmacist-in-charge']

/** A line follows its fill and its hold; an over-the-counter line is accepted at once. */
export const orderLineLifecycle = defineLifecycle<OrderLineStatus, OrderLine>({
  name: 'order line',
  initial: 'PENDING',
  table: {
    PENDING: { accept: to('ACCEPTED', { by }), block: to('BLOCKED', { by }), cancel: to('CANCELLED', { by }) },
    ACCEPTED: { hold: to('HELD', { by }), backorder: to('BACKORDERED', { by }), block: to('BLOCKED', { by }), cancel: to('CANCELLED', { by }) },
    BACKORDERED: { askForStock: to('ACCEPTED', { by }), block: to('BLOCKED', { by }), cancel: to('CANCELLED', { by }) },
    HELD: { release: to('RELEASED', { by }), block: to('BLOCKED', { by }), cancel: to('CANCELLED', { by }) },
    RELEASED: { returnToStock: to('RETURNED_TO_STOCK', { by: ['system'] }), cancel: to('CANCELLED', { by }) },
    /** A released fill that never left the house went back on the shelf: not sent, and not charged or given back. */
    RETURNED_TO_STOCK: {},
    BLOCKED: {},
    CANCELLED: {},
  },
})
