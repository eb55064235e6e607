import { clock, type Actor, type EntityManager } from '@pharmagraph/platform'
import type { Order } from '../entities/order.ts'
import { PaymentAttempt, Refund, type Payment } from '../entities/payment.ts'
import { PaymentCustomer, SavedMethod } from '../entities/payment-method.ts'
import { isOff, orderLifecycle } from '../lifecycles/order.ts'
import { isCaptured, isEnded, isUnpaid } from '../lifecycles/payment.ts'
import type { Authorization, PaymentPort } from '../payments/port.ts'
import { amountDueMinor } from '../reads/amount-due.ts'
import { linesOf, lockOrder } from '../reads/locked-order.ts'
import { nextCapture } from './next-capture.ts'

type Call =
  | { kind: 'authorize'; request: Authorization }
  | { kind: 'capture'; request: Parameters<PaymentPort['capture']>[0] }
  | { kind: 'cancel'; request: Parameters<PaymentPort['cancel']>[0] }
  | { kind: 'refund'; request: Parameters<PaymentPort['refund']>[0] }
  | { kind: 'look'; intentId: string }
/** `version` is the payment's when the step was decided: an answer proves something only while it stands. */
export type PaymentStep = Call & { orderId: string; version: number }

/** What is to be done with the provider now, if anything. Marks a capture as begun. */
export async function nextPaymentStep(em: EntityManager, actor: Actor, orderId: string): Promise<PaymentStep | undefined> {
  const found = await lockOrder(em, orderId)
  if (!found) return undefined
  const { order, payment } = found
  const call = await nextCall(em, actor, order, payment)
  await em.flush()
  return call && { ...call, orderId, version: payment.version! }
}

async function nextCall(em: EntityManager, actor: Actor, order: Order, payment: Payment): Promise<Call | undefined> {
  const { intentId, intentAttempt } = payment
  if (payment.doubts > 0 && intentId) return { kind: 'look', intentId }
  payment.doubts = 0

  if (isUnpaid(payment.status) && 'pay' in orderLifecycle.table[order.status]) {
    const attempt = await nextAttempt(em, order, payment)
    if (attempt) {
      attempt.amountMinor ??= amountDueMinor(order, await linesOf(em, order))
      // a method is known to the provider as its owner's, who may be a caregiver
      const saved = attempt.paymentMethodId ? await em.findOne(SavedMethod, { id: attempt.paymentMethodId }) : null
      const customer = await em.findOne(PaymentCustomer, { patientId: saved?.patientId ?? payment.patientId })
      return { kind: 'authorize', request: authorization(payment, attempt, attempt.amountMinor, customer?.providerId ?? null) }
    }
  }
  if (!intentId) return undefined
  const request = { orderId: order.id, attempt: intentAttempt, intentId }
  if (isOff(order.status) && !isCaptured(payment.status) && !isEnded(payment.status)) return { kind: 'cancel', request }
  if (!isOff(order.status) && (payment.status === 'AUTHORIZED' || payment.status === 'CAPTURING')) {
    const capture = await nextCapture(em, actor, order, payment)
    if (capture === 'LOOK') return { kind: 'look', intentId }
    if (capture) return { kind: 'capture', request: { ...request, number: capture.number, amountMinor: capture.amountMinor, final: capture.final } }
    return undefined
  }
  if (!isCaptured(payment.status)) return undefined
  const refund = await em.findOne(Refund, { orderId: order.id, status: 'REQUESTED' }, { orderBy: { id: 'asc' } })
  return refund ? { kind: 'refund', request: { orderId: order.id, intentId, key: refund.idempotencyKey, amountMinor: refund.amountMinor } } : undefined
}

/** The first attempt still to be made; those that have become pointless count as made. */
async function nextAttempt(em: EntityManager, order: Order, payment: Payment): Promise<PaymentAttempt | undefined> {
  const open = await em.find(PaymentAttempt, { paymentId: payment.id, madeAt: null }, { orderBy: { number: 'asc' } })
  for (const attempt of open) {
    const done = attempt.number <= payment.intentAttempt || (attempt.paymentMethodId === null && payment.intentId !== null)
    if (!done && (order.status === 'STOCK_HELD' || order.status === 'RELEASED')) return attempt
    if (done) attempt.madeAt = clock.now()
  }
  return undefined
}

const authorization = (payment: Payment, { number, paymentMethodId, offSession }: PaymentAttempt, amountMinor: number, customerId: string | null): Authorization => ({
  orderId: payment.orderId, attempt: number, amountMinor, currency: payment.currency,
  paymentMethodId: paymentMethodId ?? null, customerId, offSession, intentId: payment.intentId ?? null,
})
