import { apply, clock, type Actor, type EntityManager } from '@pharmagraph/platform'
import type { Order } from '../entities/order.ts'
import { PaymentAttempt, type Payment } from '../entities/payment.ts'
import { arrow, paymentLifecycle } from '../lifecycles/payment.ts'
import type { Intent, Refusal, RefundAnswer } from '../payments/port.ts'
import { lockOrder } from '../reads/locked-order.ts'
import type { Services } from '../services.ts'
import { followPayment } from './follow-payment.ts'
import type { PaymentStep } from './next-payment-step.ts'
import { recordIntent } from './record-intent.ts'
import { recordRefundState } from './record-refund-state.ts'

export type StepAnswer = { intent: Intent } | { refusal: Refusal } | { refund: RefundAnswer }

/** Records what the provider answered to a step. */
export async function recordPaymentStep(em: EntityManager, actor: Actor, { vault }: Pick<Services, 'vault'>, step: PaymentStep, answer: StepAnswer): Promise<void> {
  const found = await lockOrder(em, step.orderId)
  if (!found) return
  const { order, payment } = found
  if (step.kind === 'authorize') {
    const attempt = await em.findOneOrFail(PaymentAttempt, { paymentId: payment.id, number: step.request.attempt })
    attempt.madeAt = clock.now()
  }
  if ('intent' in answer) {
    const { intent } = answer
    await recordIntent(em, actor, order, payment, intent, payment.version === step.version)
    if (intent.id === payment.intentId && intent.clientSecret) payment.clientSecretSealed ??= await vault.seal(em, payment.patientId, intent.clientSecret)
    return
  }
  if ('refusal' in answer) return refused(em, actor, order, payment, answer.refusal)
  if (step.kind === 'refund') await refunded(em, actor, order, payment, step.request.key, answer.refund)
}

/** The provider would not even try, as with an unknown payment method: the patient may name another. */
async function refused(em: EntityManager, actor: Actor, order: Order, payment: Payment, { code, message }: Refusal): Promise<void> {
  payment.failureCode = code
  payment.failureMessage = message
  const verb = arrow(payment.status, payment.intentId ? 'REQUIRES_METHOD' : 'FAILED')
  if (verb) apply(em, actor, paymentLifecycle, payment, verb)
  await followPayment(em, actor, order, payment)
}

/** The amounts are read from the intent afterwards: it alone tells them. */
async function refunded(em: EntityManager, actor: Actor, order: Order, payment: Payment, key: string, answer: RefundAnswer): Promise<void> {
  payment.doubts += 1
  if ('refusal' in answer) {
    await recordRefundState(em, actor, order.id, key, 'FAILED', { failureCode: answer.refusal.code })
    order.reasonCode = 'REFUND_FAILED'
    return
  }
  await recordRefundState(em, actor, order.id, key, answer.state, { providerId: answer.id, failureCode: answer.failureCode })
}
