import { apply, emit, newId, type Actor, type EntityManager } from '@pharmagraph/platform'
import type { Order } from '../entities/order.ts'
import { Refund, type Payment } from '../entities/payment.ts'
import { isOff, orderLifecycle, permits } from '../lifecycles/order.ts'
import { isCaptured, isEnded, isUnpaid } from '../lifecycles/payment.ts'
import { needsAdultSignature, needsColdChain } from '../policies/delivery.ts'
import { isLost } from '../reads/amount-due.ts'
import { linesOf } from '../reads/locked-order.ts'
import { askProvider } from './ask-provider.ts'
import { endOrder } from './end-order.ts'
import { releaseOrder } from './release-order.ts'
import { refundable } from '../reads/refundable.ts'

/** Brings the order in line with its payment, in the transaction that moved the payment. */
export async function followPayment(em: EntityManager, actor: Actor, order: Order, payment: Payment): Promise<void> {
  order.paymentStatus = payment.status
  if (isOff(order.status)) return undoPayment(em, actor, order, payment)
  switch (order.status) {
    case 'STOCK_HELD':
      if (!isUnpaid(payment.status)) await startFilling(em, actor, order, payment)
      return
    case 'PAYMENT_AUTHORIZED':
    case 'AWAITING_PHARMACIST':
      if (isEnded(payment.status)) await endOrder(em, actor, order, 'expire', 'AUTHORIZATION_LOST')
      return
    case 'RELEASED':
      if (isCaptured(payment.status)) return sendOut(em, actor, order, payment)
      if (payment.status === 'AUTHORIZED') askProvider(em, actor, payment)
      order.reasonCode = isUnpaid(payment.status) ? 'PAYMENT_LOST' : null
      return
    case 'REFUND_PENDING':
      if (payment.status === 'REFUNDED') apply(em, actor, orderLifecycle, order, 'completeRefund')
      return
    case 'REFUNDED':
      if (payment.status !== 'REFUNDED') apply(em, actor, orderLifecycle, order, 'reopenRefund', { reason: 'REFUND_FAILED' })
      return
    default:
      if (payment.status === 'REFUNDED' && permits(order, 'recordRefund')) apply(em, actor, orderLifecycle, order, 'recordRefund', { reason: 'STAFF_REFUNDED' })
  }
}

/** An order that is off keeps no money: a hold is let go, what was captured meanwhile goes back. */
async function undoPayment(em: EntityManager, actor: Actor, order: Order, payment: Payment): Promise<void> {
  if (isCaptured(payment.status)) {
    const amountMinor = await refundable(em, payment)
    if (amountMinor === 0) return
    em.create(Refund, {
      id: newId(), orderId: order.id, idempotencyKey: `off:${newId()}`, amountMinor, currency: payment.currency, status: 'REQUESTED', requestedBy: actor.subject,
    })
    return askProvider(em, actor, payment)
  }
  if (payment.intentId && !isEnded(payment.status)) askProvider(em, actor, payment)
}

async function startFilling(em: EntityManager, actor: Actor, order: Order, payment: Payment): Promise<void> {
  order.reasonCode = null
  apply(em, actor, orderLifecycle, order, 'authorizePayment')
  const lines = await linesOf(em, order)
  if (lines.some(({ prescriptionId }) => prescriptionId)) {
    emit(em, actor, 'orders.order-ready-to-fill.v1', order.id, { orderId: order.id, patientId: order.patientId })
    apply(em, actor, orderLifecycle, order, 'awaitPharmacist')
    return
  }
  await releaseOrder(em, actor, order, lines)
  await sendOut(em, actor, order, payment)
}

/** A released order whose money is taken may leave the house. */
export async function sendOut(em: EntityManager, actor: Actor, order: Order, payment: Payment): Promise<void> {
  if (!permits(order, 'capturePayment') || !isCaptured(payment.status)) return
  order.reasonCode = null
  apply(em, actor, orderLifecycle, order, 'capturePayment')
  const lines = (await linesOf(em, order)).filter((line) => !isLost(line))
  emit(em, actor, 'orders.order-paid.v1', order.id, {
    orderId: order.id, patientId: order.patientId, addressId: order.addressId,
    adultSignature: needsAdultSignature(order, lines), coldChain: needsColdChain(lines), parcels: 1,
  })
}
