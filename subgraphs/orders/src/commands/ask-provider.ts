import { emit, type Actor, type EntityManager } from '@pharmagraph/platform'
import type { Payment } from '../entities/payment.ts'

/** The provider is to be asked what is true. Each doubt changes the row, so that an answer asked for before it proves nothing. */
export function doubt(em: EntityManager, actor: Actor, payment: Payment): void {
  payment.doubts += 1
  if (payment.doubts === 1) askProvider(em, actor, payment)
}

/** Says that something is to be done with the provider for this payment; what, follows from order and payment when it is done. */
export function askProvider(em: EntityManager, actor: Actor, payment: Payment): void {
  const { orderId, id: paymentId, attempts } = payment
  emit(em, actor, 'orders.payment-requested.v1', orderId, { orderId, paymentId, attempt: attempts })
}
