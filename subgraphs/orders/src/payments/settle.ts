/**
 * Does with the provider whatever order and payment call for, one step at a time: decide in one transaction, call out
 * under an idempotency key, record in another. Events and jobs only say when to look; run twice, or after a crash in
 * the middle, it comes to the same end.
 */
import { AppError, type EffectTools } from '@pharmagraph/platform'
import { nextPaymentStep, type PaymentStep } from '../commands/next-payment-step.ts'
import { recordPaymentStep, type StepAnswer } from '../commands/record-payment-step.ts'
import type { Services } from '../services.ts'
import type { PaymentPort } from './port.ts'

/** Authorise, look, capture, refund, look: no payment needs more in one go, save one that others keep changing. */
const maxSteps = 20

export async function settlePayment(orderId: string, { services, transact, actor }: EffectTools<Services>): Promise<void> {
  for (let steps = 0; steps < maxSteps; steps++) {
    const step = await transact((em) => nextPaymentStep(em, actor, orderId))
    if (!step) return
    const answer = await take(services.payments, step)
    await transact((em) => recordPaymentStep(em, actor, services, step, answer))
  }
  throw new AppError('CONFLICT', 'the payment did not come to rest')
}

async function take(payments: PaymentPort, step: PaymentStep): Promise<StepAnswer> {
  switch (step.kind) {
    case 'authorize': return payments.authorize(step.request)
    case 'capture': return { intent: await payments.capture(step.request) }
    case 'cancel': return { intent: await payments.cancel(step.request) }
    case 'look': return { intent: await payments.find(step.intentId) }
    case 'refund': return { refund: await payments.refund(step.request) }
  }
}
