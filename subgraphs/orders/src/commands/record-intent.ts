import { apply, clock, type Actor, type EntityManager } from '@pharmagraph/platform'
import type { Order } from '../entities/order.ts'
import type { Payment } from '../entities/payment.ts'
import type { PaymentStatus } from '../entities/payment-status.ts'
import { arrow, certain, isCaptured, isEnded, paymentLifecycle } from '../lifecycles/payment.ts'
import type { IntentNews } from '../payments/port.ts'
import { doubt } from './ask-provider.ts'
import { followPayment } from './follow-payment.ts'
import { postMovement } from './post-movement.ts'

/**
 * Takes over what the provider says of the intent. `proved`: the provider was asked after the payment was read and
 * nothing changed it since, so this is the truth. Otherwise it is a message of some past moment: it may move the
 * payment forward, never back, and where it leaves a doubt the provider is asked.
 */
export async function recordIntent(
  em: EntityManager, actor: Actor, order: Order, payment: Payment, news: IntentNews, proved: boolean,
): Promise<void> {
  if (news.id !== payment.intentId) {
    if (news.attempt <= payment.intentAttempt) return // an intent that a later attempt has replaced
    payment.intentId = news.id
    payment.intentAttempt = news.attempt
    payment.clientSecretSealed = null
  }

  const next = statusOf(news)
  const moved = next !== undefined && move(em, actor, payment, news, next, proved)
  if (proved) {
    payment.doubts = 0
    payment.checkedAt = clock.now()
    payment.multicapture = news.multicapture ?? payment.multicapture
    payment.captureBefore = news.captureBefore ? new Date(news.captureBefore) : payment.captureBefore
    payment.nextActionUrl = news.nextActionUrl ?? null
    payment.failureCode = news.failure?.code ?? null
    payment.failureMessage = news.failure?.message ?? null
  } else if (leavesDoubt(payment, news, next)) doubt(em, actor, payment)
  if (moved || order.paymentStatus !== payment.status) await followPayment(em, actor, order, payment)
}

function statusOf({ status, lapsed, capturedMinor = 0, refundedMinor = 0 }: IntentNews): PaymentStatus | undefined {
  switch (status) {
    case 'requires_payment_method':
    case 'requires_confirmation': return 'REQUIRES_METHOD'
    case 'requires_action': return 'REQUIRES_ACTION'
    case 'requires_capture': return 'AUTHORIZED'
    case 'canceled': return lapsed ? 'AUTH_EXPIRED' : 'VOIDED'
    case 'succeeded': return refundedMinor === 0 ? 'CAPTURED' : refundedMinor < capturedMinor ? 'PARTIALLY_REFUNDED' : 'REFUNDED'
    default: return undefined
  }
}

function move(em: EntityManager, actor: Actor, payment: Payment, news: IntentNews, next: PaymentStatus, proved: boolean): boolean {
  const verb = arrow(payment.status, next)
  if (!verb || !(proved || certain.has(verb))) return false
  const balances = {
    authorizedMinor: next === 'AUTHORIZED' ? (news.authorizedMinor ?? payment.amountMinor) : 0,
    capturedMinor: isCaptured(next) || next === 'AUTHORIZED' ? (news.capturedMinor ?? payment.capturedMinor) : payment.capturedMinor,
    refundedMinor: proved ? (news.refundedMinor ?? 0) : payment.refundedMinor,
  }
  if (next === payment.status && sameBalances(payment, balances)) return false
  post(em, payment, balances)
  apply(em, actor, paymentLifecycle, payment, verb)
  return true
}

/** Whether a message that was not proved tells something we neither took over nor know to be past. */
function leavesDoubt(payment: Payment, { refundedMinor = payment.refundedMinor, capturedMinor = payment.capturedMinor }: IntentNews, next: PaymentStatus | undefined): boolean {
  if (isEnded(payment.status)) return false
  if (next !== payment.status) return next === undefined || arrow(payment.status, next) !== undefined
  // events do not tell until when; and what was captured of the hold may be more by now than they tell
  if (next === 'AUTHORIZED') return payment.captureBefore == null || capturedMinor !== payment.capturedMinor
  return isCaptured(next) ? refundedMinor !== payment.refundedMinor : true // declined again, or sent to another page
}

type Balances = Pick<Payment, 'authorizedMinor' | 'capturedMinor' | 'refundedMinor'>

const sameBalances = (one: Balances, other: Balances): boolean =>
  one.authorizedMinor === other.authorizedMinor && one.capturedMinor === other.capturedMinor && one.refundedMinor === other.refundedMinor

/** Brings the balances to `to` by ledger movements, each of two rows that sum to zero. */
function post(em: EntityManager, payment: Payment, to: Balances): void {
  postMovement(em, payment, 'AUTHORIZED', 'CARD_HOLD', 'HOLD_OWED', to.authorizedMinor - payment.authorizedMinor)
  postMovement(em, payment, 'RELEASED', 'HOLD_OWED', 'CARD_HOLD', payment.authorizedMinor - to.authorizedMinor)
  postMovement(em, payment, 'CAPTURED', 'PROVIDER_BALANCE', 'SALES', to.capturedMinor - payment.capturedMinor)
  postMovement(em, payment, 'REFUNDED', 'SALES', 'PROVIDER_BALANCE', to.refundedMinor - payment.refundedMinor)
  postMovement(em, payment, 'REFUND_REVERSED', 'PROVIDER_BALANCE', 'SALES', payment.refundedMinor - to.refundedMinor)
  Object.assign(payment, to)
}
