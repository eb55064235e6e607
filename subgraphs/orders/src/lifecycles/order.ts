import { clock, defineLifecycle, emit, to, type Guard, type Role } from '@pharmagraph/platform'
import type { Order, OrderStatus } from '../entities/order.ts'
import type { PaymentStatus } from '../entities/payment-status.ts'
import { isUnpaid } from './payment.ts'

const saga: Role[] = ['system']
const staff: Role[] = ['support', 'pharmacist-in-charge']
/** A caregiver only where the patient lets them order (src/access.ts). */
const customer: Role[] = ['patient', 'caregiver']

const refundable: PaymentStatus[] = ['CAPTURED', 'PARTIALLY_REFUNDED']

const paymentOpen: Guard<Order> = ({ paymentStatus }) =>
  isUnpaid(paymentStatus) ? undefined : { code: 'ALREADY_PAID', message: 'this order needs no payment now' }
/** The authorisation ran out or was undone after the pharmacist had released everything. */
const paymentLost: Guard<Order> = ({ paymentStatus }) =>
  isUnpaid(paymentStatus) ? undefined : { code: 'CAPTURE_UNDER_WAY', message: 'the payment is just being taken; ask for a refund instead' }
const moneyLeft: Guard<Order> = ({ paymentStatus }) =>
  refundable.includes(paymentStatus) ? undefined : { code: 'NOTHING_TO_REFUND', message: 'nothing of this order is left to refund' }

/** What is released is on its way out of the house. */
const nothingReleased: Guard<Order> = ({ releasedParts = 0 }) =>
  releasedParts === 0 ? undefined : { code: 'PARTLY_RELEASED', message: 'a part of this order is released; only the rest can still be cancelled' }
const someReleased: Guard<Order> = ({ releasedParts = 0 }) =>
  releasedParts > 0 ? undefined : { code: 'NOTHING_RELEASED', message: 'nothing of this order is released yet; cancel it as a whole' }

const cancelling = (next: OrderStatus) => to<OrderStatus, Order>(next, { by: [...staff, ...customer] })
const cancellingRest = (next: OrderStatus) => ({
  cancel: to<OrderStatus, Order>('CANCELLED', { by: [...staff, ...customer], when: [nothingReleased] }),
  cancelRest: to<OrderStatus, Order>(next, { by: [...staff, ...customer], when: [someReleased] }),
})
const paying = (next: OrderStatus) => to<OrderStatus, Order>(next, { by: customer, when: [paymentOpen] })
const step = (next: OrderStatus) => to<OrderStatus, Order>(next, { by: saga })
/** All the money went back by another way than ours, as in the provider's dashboard. */
const refundedElsewhere = { recordRefund: step('REFUNDED') }
/** All that was released of it went back on the shelf before it left. */
const takenBack = (next: OrderStatus) => ({ takeBack: step(next) })
const refunding = (next: OrderStatus) => to<OrderStatus, Order>(next, { by: [...staff, 'system'], when: [moneyLeft] })

/**
 * The saga of an order. From the authorisation on its status is that of its least-advanced part (commands/advance-order.ts).
 * The capture is the pivot: before it every way out undoes what was held, accepted and
 * authorised; after it the order goes forward or its money goes back.
 */
export const orderLifecycle = defineLifecycle<OrderStatus, Order>({
  name: 'order',
  initial: 'CHECKOUT_STARTED',
  table: {
    CHECKOUT_STARTED: {
      acceptPrescriptions: step('RX_CHECKED'), reject: step('REJECTED'),
      pay: paying('CHECKOUT_STARTED'), cancel: cancelling('CANCELLED'),
    },
    RX_CHECKED: {
      holdStock: step('STOCK_HELD'), backorder: step('BACKORDERED'), reject: step('REJECTED'),
      pay: paying('RX_CHECKED'), cancel: cancelling('CANCELLED'),
    },
    BACKORDERED: {
      askForStock: step('RX_CHECKED'), reject: step('REJECTED'), expire: step('EXPIRED'),
      pay: paying('BACKORDERED'), cancel: cancelling('CANCELLED'),
    },
    STOCK_HELD: {
      authorizePayment: step('PAYMENT_AUTHORIZED'), reject: step('REJECTED'), expire: step('EXPIRED'),
      pay: paying('STOCK_HELD'), cancel: cancelling('CANCELLED'),
    },
    PAYMENT_AUTHORIZED: {
      awaitPharmacist: step('AWAITING_PHARMACIST'), release: step('RELEASED'), reject: step('REJECTED'), expire: step('EXPIRED'),
      ...takenBack('CANCELLED'), ...cancellingRest('PAYMENT_AUTHORIZED'),
    },
    AWAITING_PHARMACIST: {
      release: step('RELEASED'), reject: step('REJECTED'), expire: step('EXPIRED'), ...takenBack('CANCELLED'), ...cancellingRest('AWAITING_PHARMACIST'),
    },
    RELEASED: {
      capturePayment: step('PAYMENT_CAPTURED'), pay: paying('RELEASED'), ...takenBack('CANCELLED'),
      cancel: to('CANCELLED', { by: staff, when: [paymentLost] }),
    },
    PAYMENT_CAPTURED: {
      ship: step('SHIPPED'), reportException: step('DELIVERY_EXCEPTION'), returnParcel: step('RETURNED'),
      cancel: to('REFUND_PENDING', { by: staff, when: [moneyLeft] }), ...takenBack('REFUND_PENDING'), refundPart: refunding('PAYMENT_CAPTURED'),
    },
    SHIPPED: {
      deliver: step('DELIVERED'), reportException: step('DELIVERY_EXCEPTION'), returnParcel: step('RETURNED'),
      refund: refunding('REFUND_PENDING'), refundPart: refunding('SHIPPED'), ...refundedElsewhere,
    },
    DELIVERY_EXCEPTION: {
      ship: step('SHIPPED'), deliver: step('DELIVERED'), returnParcel: step('RETURNED'),
      refund: refunding('REFUND_PENDING'), refundPart: refunding('DELIVERY_EXCEPTION'), ...refundedElsewhere,
    },
    DELIVERED: { close: step('CLOSED'), refund: refunding('REFUND_PENDING'), refundPart: refunding('DELIVERED'), ...refundedElsewhere },
    CLOSED: { refund: refunding('REFUND_PENDING'), refundPart: refunding('CLOSED'), ...refundedElsewhere },
    RETURNED: { refund: refunding('REFUND_PENDING'), refundPart: refunding('RETURNED'), ...refundedElsewhere },
    REFUND_PENDING: { completeRefund: step('REFUNDED'), refund: refunding('REFUND_PENDING'), refundPart: refunding('REFUND_PENDING') },
    REFUNDED: { reopenRefund: step('REFUND_PENDING') },
    REJECTED: {},
    EXPIRED: {},
    CANCELLED: {},
  },
  announce(em, actor, order, { from, to: next, verb, reason }) {
    if (from === next) return
    order.statusSince = clock.now()
    const { id: orderId, patientId } = order
    emit(em, actor, 'orders.order-status-changed.v1', orderId, { orderId, patientId, from, to: next, reasonCode: reason ?? null })
    if (isOff(next) || verb === 'cancel' || verb === 'takeBack') emit(em, actor, 'orders.order-cancelled.v1', orderId, { orderId, patientId, reasonCode: reason ?? next })
  },
})

/** Ended before the capture: nothing may stay held, accepted or authorised. */
export const isOff = (status: OrderStatus): boolean => status === 'REJECTED' || status === 'EXPIRED' || status === 'CANCELLED'

/** Authorised, and not all of it released. */
export const isFilling = (status: OrderStatus): boolean => status === 'PAYMENT_AUTHORIZED' || status === 'AWAITING_PHARMACIST'

/** Whether the saga may take this step now; a late or repeated event asks for one it may not, and is let go. */
export const permits = (order: Order, verb: string): boolean => verb in orderLifecycle.table[order.status]

/** Whether the step may be taken now or is still to come: news that needs it done first is early, not late. */
export function awaits(order: Order, verb: string): boolean {
  const reached = new Set<OrderStatus>([order.status])
  for (const status of reached) {
    if (verb in orderLifecycle.table[status]) return true
    for (const { next } of Object.values(orderLifecycle.table[status])) reached.add(next)
  }
  return false
}

