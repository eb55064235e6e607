import { clock, defineLifecycle, emit, to, type Role } from '@pharmagraph/platform'
import type { Payment } from '../entities/payment.ts'
import type { PaymentStatus } from '../entities/payment-status.ts'

const by: Role[] = ['system']
const go = (next: PaymentStatus) => to<PaymentStatus, Payment>(next, { by })

// A webhook may come first, alone, or after later ones, so each state reaches all that can follow it at the provider.
const refunding = { refundPart: go('PARTIALLY_REFUNDED'), refundAll: go('REFUNDED') }
const ending = { capture: go('CAPTURED'), ...refunding, voidIntent: go('VOIDED'), lapse: go('AUTH_EXPIRED') }
const opening = { authorize: go('AUTHORIZED'), ...ending, fail: go('FAILED') }

/** The payment as the provider tells it: no arrow leads back from what has happened to the money, save a failed refund's. */
export const paymentLifecycle = defineLifecycle<PaymentStatus, Payment>({
  name: 'payment',
  initial: 'NOT_STARTED',
  table: {
    NOT_STARTED: { askForMethod: go('REQUIRES_METHOD'), askForAction: go('REQUIRES_ACTION'), ...opening },
    REQUIRES_METHOD: { askForAction: go('REQUIRES_ACTION'), ...opening },
    REQUIRES_ACTION: { askForMethod: go('REQUIRES_METHOD'), ...opening },
    FAILED: { askForMethod: go('REQUIRES_METHOD'), askForAction: go('REQUIRES_ACTION'), ...opening },
    /** Captured in part, as in the provider's terms, it stays authorised for the rest. */
    AUTHORIZED: { startCapture: go('CAPTURING'), capturePart: go('AUTHORIZED'), ...ending },
    CAPTURING: { capturePart: go('AUTHORIZED'), ...ending },
    CAPTURED: refunding,
    PARTIALLY_REFUNDED: { ...refunding, undoRefund: go('CAPTURED') },
    REFUNDED: { undoRefundPart: go('PARTIALLY_REFUNDED'), undoRefund: go('CAPTURED') },
    VOIDED: { startAgain: go('NOT_STARTED') },
    AUTH_EXPIRED: { startAgain: go('NOT_STARTED') },
  },
  announce(em, actor, payment, { from, to: next }) {
    payment.statusSince = clock.now()
    const { orderId, id: paymentId, amountMinor, capturedMinor, refundedMinor, currency } = payment
    // the order's id as subject: all that happens to one order stays in order
    emit(em, actor, 'orders.payment-status-changed.v1', orderId, { orderId, paymentId, from, to: next, amountMinor, capturedMinor, refundedMinor, currency })
  },
})

/** The one arrow between two states, if there is one. */
export const arrow = (from: PaymentStatus, next: PaymentStatus): string | undefined =>
  Object.entries(paymentLifecycle.table[from]).find(([, step]) => step.next === next)?.[0]

/**
 * Arrows a webhook alone may take: what they tell is never undone at the provider. All others may have been undone since
 * (another card tried, a refund sent back by the bank), so the provider is asked first.
 */
export const certain: ReadonlySet<string> = new Set(['authorize', 'capture', 'voidIntent', 'lapse'])

/** Nothing is held or taken yet, or no longer. */
export const isUnpaid = (status: PaymentStatus): boolean =>
  ['NOT_STARTED', 'REQUIRES_METHOD', 'REQUIRES_ACTION', 'FAILED', 'VOIDED', 'AUTH_EXPIRED'].includes(status)
export const isEnded = (status: PaymentStatus): boolean => status === 'VOIDED' || status === 'AUTH_EXPIRED'
export const isCaptured = (status: PaymentStatus): boolean => ['CAPTURED', 'PARTIALLY_REFUNDED', 'REFUNDED'].includes(status)
