import { apply, clock, invalid, isId, notFound, systemActor, type Actor, type EntityManager } from '@pharmagraph/platform'
import { access } from '../access.ts'
import { Fulfilment } from '../entities/fulfilment.ts'
import type { Order } from '../entities/order.ts'
import { PaymentAttempt } from '../entities/payment.ts'
import { SavedMethod } from '../entities/payment-method.ts'
import { orderLifecycle } from '../lifecycles/order.ts'
import { isEnded, paymentLifecycle } from '../lifecycles/payment.ts'
import { scopesFor } from '../reads/delegations.ts'
import { lockOrder } from '../reads/locked-order.ts'
import { askProvider } from './ask-provider.ts'

/** One more attempt with this payment method. Before stock is held it waits; until then nothing is authorised. */
export async function payOrder(em: EntityManager, actor: Actor, input: { orderId: string; paymentMethodId: string }): Promise<Order> {
  const found = isId(input.orderId) ? await lockOrder(em, input.orderId) : undefined
  if (!found) throw notFound('order')
  const { order, payment } = found
  access.must(actor, 'order:pay', { patientId: order.patientId, delegated: await scopesFor(em, actor, order.patientId) })
  checkPaymentMethodId(input.paymentMethodId)
  await mustBeTheirs(em, actor, input.paymentMethodId)

  apply(em, actor, orderLifecycle, order, 'pay')
  if (isEnded(payment.status)) {
    apply(em, systemActor('orders'), paymentLifecycle, payment, 'startAgain')
    Object.assign(payment, { intentId: null, clientSecretSealed: null, captureBefore: null, multicapture: null })
    for (const part of await em.find(Fulfilment, { orderId: order.id, status: 'RELEASED' })) part.captureNumber = null
    order.paymentStatus = payment.status
  }
  payment.attempts += 1
  em.create(PaymentAttempt, { paymentId: payment.id, number: payment.attempts, paymentMethodId: input.paymentMethodId, offSession: false, requestedAt: clock.now() })
  if (order.status === 'STOCK_HELD' || order.status === 'RELEASED') askProvider(em, actor, payment)
  return order
}

/** A method somebody else has saved, or one that was removed, pays for nothing here: a caregiver pays with their own. */
export async function mustBeTheirs(em: EntityManager, actor: Actor, id: string | null | undefined): Promise<void> {
  const saved = id ? await em.findOne(SavedMethod, { id }) : null
  if (saved && (saved.patientId !== actor.patientId || saved.removedAt)) throw invalid('paymentMethodId', 'no such payment method')
}

/** The shape of a Stripe payment method id: anything else, card data above all, goes no further. */
export function checkPaymentMethodId(id: string | null | undefined): void {
  if (id != null && !/^pm_[A-Za-z0-9_]{1,100}$/.test(id)) throw invalid('paymentMethodId', 'a payment method id of Stripe begins with pm_')
}
