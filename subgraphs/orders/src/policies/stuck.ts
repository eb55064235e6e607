import type { EventType } from '@pharmagraph/platform'
import type { OrderStatus } from '../entities/order.ts'

const minute = 60_000
const hour = 60 * minute

/** A step that rests longer than `after` is stuck: whom it waits for, and the event that asks them again. */
export type StuckRow = { after: number; waitsFor: string; asks: EventType }

/** Steps of machines, soon; steps of people, when a working day has gone by. House policy. */
export const stuckRows: Partial<Record<OrderStatus, StuckRow>> = {
  CHECKOUT_STARTED: { after: 10 * minute, waitsFor: 'prescriptions, to screen the fills', asks: 'orders.order-placed.v1' },
  RX_CHECKED: { after: 10 * minute, waitsFor: 'inventory, to hold the stock', asks: 'orders.stock-requested.v1' },
  PAYMENT_AUTHORIZED: { after: 10 * minute, waitsFor: 'the payment, to be captured', asks: 'orders.payment-requested.v1' },
  AWAITING_PHARMACIST: { after: 24 * hour, waitsFor: 'the pharmacists, to release the fills', asks: 'orders.order-ready-to-fill.v1' },
  RELEASED: { after: 10 * minute, waitsFor: 'the payment, to be captured', asks: 'orders.payment-requested.v1' },
  PAYMENT_CAPTURED: { after: 24 * hour, waitsFor: 'logistics, to send the parcel', asks: 'orders.order-paid.v1' },
  REFUND_PENDING: { after: 10 * minute, waitsFor: 'the payment provider, to give the money back', asks: 'orders.payment-requested.v1' },
}
