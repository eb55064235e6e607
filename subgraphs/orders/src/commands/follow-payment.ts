import { apply, emit, newId, type Actor, type EntityManager } from '@pharmagraph/platform'
import type { Fulfilment } from '../entities/fulfilment.ts'
import type { Order, OrderLine } from '../entities/order.ts'
import { Capture, Refund, type Payment } from '../entities/payment.ts'
import { fulfilmentLifecycle, isAhead } from '../lifecycles/fulfilment.ts'
import { isFilling, isOff, orderLifecycle, permits } from '../lifecycles/order.ts'
import { isCaptured, isEnded, isUnpaid } from '../lifecycles/payment.ts'
import { needsAdultSignature, needsColdChain } from '../policies/delivery.ts'
import { amountDueMinor } from '../reads/amount-due.ts'
import { linesIn, partsOf, type Parts } from '../reads/parts.ts'
import { refundable } from '../reads/refundable.ts'
import { advanceOrder } from './advance-order.ts'
import { askProvider } from './ask-provider.ts'
import { endOrder } from './end-order.ts'
import { leaveOutTheRest } from './follow-later.ts'
import { prepare } from './prepare-fulfilments.ts'

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
    case 'RELEASED':
      return followCaptures(em, actor, order, payment)
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
  const parts = await partsOf(em, order)
  await prepare(em, actor, order, parts, parts.fulfilments.filter(({ status }) => status === 'HELD'))
  if (payment.status !== 'AUTHORIZED') await followCaptures(em, actor, order, payment)
}

/** Parts whose money is taken may leave the house; those whose money can no longer be had are left out. */
async function followCaptures(em: EntityManager, actor: Actor, order: Order, payment: Payment): Promise<void> {
  const parts = await partsOf(em, order)
  for (const part of await paidParts(em, order, payment, parts)) sendOut(em, actor, order, parts, part)
  if (isFilling(order.status) && (isEnded(payment.status) || isCaptured(payment.status))) {
    if (order.releasedParts === 0) return endOrder(em, actor, order, 'expire', 'AUTHORIZATION_LOST')
    if (parts.fulfilments.some(({ status }) => isAhead(status))) await leaveOutTheRest(em, actor, order, payment)
  }
  advanceOrder(em, actor, order, parts)
  if (order.status === 'RELEASED') order.reasonCode = isUnpaid(payment.status) ? 'PAYMENT_LOST' : null
  if (payment.status === 'AUTHORIZED' && parts.fulfilments.some(({ status }) => status === 'RELEASED')) askProvider(em, actor, payment)
}

/** A part is paid once the payment has captured as much as its capture was to bring it to, or all there is to pay in whatever way. */
async function paidParts(em: EntityManager, order: Order, payment: Payment, parts: Parts): Promise<Fulfilment[]> {
  const captures = await em.find(Capture, { paymentId: payment.id, intentId: payment.intentId ?? '' })
  const all = isCaptured(payment.status) && payment.capturedMinor >= amountDueMinor(order, parts.lines)
  return parts.fulfilments.filter(({ status, captureNumber }) => {
    if (status !== 'RELEASED') return false
    const capture = captures.find(({ number }) => number === captureNumber)
    return all || (capture !== undefined && payment.capturedMinor >= capture.upToMinor)
  })
}

/** A released part whose money is taken may leave the house. */
function sendOut(em: EntityManager, actor: Actor, order: Order, parts: Parts, part: Fulfilment): void {
  apply(em, actor, fulfilmentLifecycle, part, 'pay')
  tellPaid(em, actor, order, part, linesIn(parts, part))
}

export function tellPaid(em: EntityManager, actor: Actor, order: Order, part: Fulfilment, lines: readonly OrderLine[]): void {
  emit(em, actor, 'orders.order-paid.v1', order.id, {
    orderId: order.id, patientId: order.patientId, addressId: order.addressId,
    adultSignature: needsAdultSignature(order, lines), coldChain: needsColdChain(lines), parcels: 1,
    fulfilmentId: part.id, orderLineIds: lines.map(({ id }) => id),
  })
}
