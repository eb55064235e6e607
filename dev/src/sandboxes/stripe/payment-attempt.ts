import { newId } from '../shared/ids.ts'
import { find, type Account } from './account.ts'
import { returnUrl } from './allowed-methods.ts'
import { openDispute } from './disputes.ts'
import { badState, Declined, type ApiError } from './errors.ts'
import { newCharge, type Charge, type PaymentIntent, type PaymentMethod } from './objects.ts'
import type { Params } from './params.ts'
import { attach, cardOf, saveForLater } from './payment-methods.ts'
import { AUTHENTICATION_NOT_HANDLED, AUTHENTICATION_REQUIRED, type Decline } from './test-cards.ts'

type Status = PaymentIntent['status']

/** The states in which an attempt to pay can be made. */
export const OPEN: readonly Status[] = ['requires_payment_method', 'requires_confirmation', 'requires_action']

/** Refuses what the intent's state does not allow. `done` is the participle: captured, canceled. */
export function mustBe(intent: PaymentIntent, statuses: readonly Status[], done: string): void {
  if (statuses.includes(intent.status)) return
  throw unexpectedState(
    intent,
    `This PaymentIntent could not be ${done} because it has a status of ${intent.status}. Only a PaymentIntent with one of the following ` +
      `statuses may be ${done}: ${statuses.join(', ')}.`,
  )
}

/** Tries to pay: ends in a hold, a payment, a wait for the customer or the bank, or a decline. */
export function attempt(account: Account, intent: PaymentIntent, params: Params): PaymentIntent | Declined {
  const back = returnUrl(intent, params)
  if (!intent.payment_method) {
    throw unexpectedState(
      intent,
      "You cannot confirm this PaymentIntent because it's missing a payment method. You can either update the PaymentIntent with a payment " +
        'method and then confirm it again, or confirm it again directly with a payment method.',
    )
  }
  const method = methodOf(account, intent)
  if (!wantsAuthentication(account, intent, method)) return chargeCard(account, intent, method, false)
  if (params.has('off_session') && params.text('off_session') !== 'false') return decline(account, intent, method, AUTHENTICATION_REQUIRED)
  if (params.flag('error_on_requires_action')) {
    return failAttempt(account, intent, { type: 'card_error', ...AUTHENTICATION_NOT_HANDLED, payment_method: method })
  }
  const challenge = newId('payatt')
  account.challenges.put(challenge, { intent: intent.id, returnUrl: back })
  intent.status = 'requires_action'
  intent.next_action = nextAction(account.challengeUrl(challenge), challenge, back)
  account.paymentIntents.put(intent.id, intent)
  account.emit('payment_intent.requires_action', intent)
  return intent
}

/** Sends a customer who can be redirected to the challenge page, and tells a page running Stripe.js where it is. */
export const nextAction = (url: string, challenge: string, back: string | null): NonNullable<PaymentIntent['next_action']> =>
  back
    ? { type: 'redirect_to_url', redirect_to_url: { return_url: back, url } }
    : { type: 'use_stripe_sdk', use_stripe_sdk: { type: 'three_d_secure_redirect', stripe_js: url, source: challenge } }

/** Goes on after the customer has passed or failed 3-D Secure. */
export function finishAuthentication(account: Account, id: string, passed: boolean): PaymentIntent {
  const intent = find(account.paymentIntents, 'payment_intent', id, 'intent', 404)
  const method = methodOf(account, intent)
  if (passed) chargeCard(account, intent, method, true)
  else {
    failAttempt(account, intent, {
      type: 'invalid_request_error',
      code: 'payment_intent_authentication_failure',
      message: 'We are unable to authenticate your payment method. Please choose a different payment method and try again.',
      payment_method: method,
    })
  }
  return intent
}

/** Ends the wait of a payment in `processing`. */
export function settlePaymentIntent(account: Account, id: string, outcome: 'succeeded' | 'failed'): PaymentIntent {
  const intent = find(account.paymentIntents, 'payment_intent', id, 'intent', 404)
  mustBe(intent, ['processing'], 'settled')
  const method = methodOf(account, intent)
  if (outcome === 'succeeded') return approve(account, intent, method, false)
  decline(account, intent, method, { code: 'card_declined', decline_code: 'generic_decline', message: 'Your card was declined.' })
  return intent
}

/** Takes `amount` of what is held; `final` ends the hold, else it stands for the rest. */
export function capture(account: Account, intent: PaymentIntent, amount: number, final: boolean): PaymentIntent {
  const charge = chargeOf(account, intent)
  if (final) {
    take(account, intent, charge, amount)
    account.emit('charge.captured', charge)
    return succeed(account, intent, charge)
  }
  charge.amount_captured += amount
  intent.amount_received += amount
  intent.amount_capturable -= amount
  account.charges.put(charge.id, charge)
  account.paymentIntents.put(intent.id, intent)
  account.emit('charge.updated', charge)
  account.emit('payment_intent.amount_capturable_updated', intent)
  return intent
}

export const allowsMulticapture = (account: Account, intent: PaymentIntent): boolean =>
  chargeOf(account, intent).payment_method_details.card.multicapture?.status === 'available'

/**
 * Ends the payment. What was held is let go without a Refund, as since version 2025-03-31:
 * https://docs.stripe.com/changelog/basil/2025-03-31/remove-refund-from-partial-capture-and-payment-cancellation-flow
 */
export function release(account: Account, intent: PaymentIntent, reason: PaymentIntent['cancellation_reason']): PaymentIntent {
  if (intent.status === 'requires_capture' && reason === 'expired') account.emit('charge.expired', chargeOf(account, intent))
  intent.status = 'canceled'
  intent.amount_capturable = 0
  intent.canceled_at = account.now()
  intent.cancellation_reason = reason
  intent.next_action = null
  intent.processing = null
  account.paymentIntents.put(intent.id, intent)
  account.emit('payment_intent.canceled', intent)
  return intent
}

/** Ends a hold as the issuer does when nobody captures it in time; what was captured of it before stays taken. */
export function expirePaymentIntent(account: Account, id: string): PaymentIntent {
  const intent = find(account.paymentIntents, 'payment_intent', id, 'intent', 404)
  mustBe(intent, ['requires_capture'], 'expired')
  return intent.amount_received > 0 ? capture(account, intent, 0, true) : release(account, intent, 'expired')
}

/** A hold nobody captured in time has lapsed by itself; run before a call looks at the intent. */
export function lapseIfOverdue(account: Account, id: string): void {
  const intent = account.paymentIntents.get(id)
  if (intent?.status !== 'requires_capture') return
  const { capture_before } = chargeOf(account, intent).payment_method_details.card
  if (capture_before !== undefined && capture_before <= account.now()) expirePaymentIntent(account, id)
}

function wantsAuthentication(account: Account, intent: PaymentIntent, method: PaymentMethod): boolean {
  const { authentication, savedForLater } = cardOf(account, method)
  const requested = intent.payment_method_options?.card?.request_three_d_secure
  return (
    authentication === 'always' ||
    (authentication === 'unless-saved' && !savedForLater) ||
    (authentication === 'on-request' && requested !== 'automatic')
  )
}

function chargeCard(account: Account, intent: PaymentIntent, method: PaymentMethod, authenticated: boolean): PaymentIntent | Declined {
  const card = cardOf(account, method)
  if (card.decline) return decline(account, intent, method, card.decline)
  if (account.slowPayments === 0) return approve(account, intent, method, authenticated)
  account.slowPayments -= 1
  intent.status = 'processing'
  intent.processing = { type: 'card' }
  intent.next_action = null
  account.paymentIntents.put(intent.id, intent)
  account.emit('payment_intent.processing', intent)
  return intent
}

function approve(account: Account, intent: PaymentIntent, method: PaymentMethod, authenticated: boolean): PaymentIntent {
  const charge = newCharge(account.now(), intent, method, authenticated)
  intent.latest_charge = charge.id
  intent.last_payment_error = null
  intent.next_action = null
  intent.processing = null
  if (intent.setup_future_usage && intent.customer) {
    if (!method.customer) attach(account, method, intent.customer)
    if (intent.setup_future_usage === 'off_session') saveForLater(account, method)
  }
  if (intent.capture_method !== 'manual') {
    take(account, intent, charge, intent.amount)
    account.emit('charge.succeeded', charge)
    return succeed(account, intent, charge)
  }
  intent.status = 'requires_capture'
  intent.amount_capturable = intent.amount
  account.charges.put(charge.id, charge)
  account.paymentIntents.put(intent.id, intent)
  account.emit('charge.succeeded', charge)
  account.emit('payment_intent.amount_capturable_updated', intent)
  return intent
}

function take(account: Account, intent: PaymentIntent, charge: Charge, amount: number): void {
  charge.captured = true
  charge.amount_captured += amount
  account.charges.put(charge.id, charge)
  intent.status = 'succeeded'
  intent.amount_capturable = 0
  intent.amount_received += amount
  account.paymentIntents.put(intent.id, intent)
}

function succeed(account: Account, intent: PaymentIntent, charge: Charge): PaymentIntent {
  account.emit('payment_intent.succeeded', intent)
  const { dispute } = cardOf(account, find(account.paymentMethods, 'PaymentMethod', charge.payment_method ?? '', 'payment_method'))
  if (dispute) openDispute(account, charge, charge.amount_captured, dispute)
  return intent
}

function decline(account: Account, intent: PaymentIntent, method: PaymentMethod, refusal: Decline): Declined {
  const charge = newCharge(account.now(), intent, method, false)
  charge.status = 'failed'
  charge.paid = false
  charge.failure_code = refusal.code
  charge.failure_message = refusal.message
  charge.payment_method_details.card.authorization_code = null
  charge.outcome = {
    advice_code: (refusal.advice_code ?? null) as NonNullable<Charge['outcome']>['advice_code'],
    network_advice_code: null,
    network_decline_code: null,
    network_status: 'declined_by_network',
    reason: refusal.decline_code,
    risk_level: 'normal',
    seller_message: 'The bank declined this payment.',
    type: 'issuer_declined',
  }
  account.charges.put(charge.id, charge)
  account.emit('charge.failed', charge)
  intent.latest_charge = charge.id
  return failAttempt(account, intent, { type: 'card_error', ...refusal, charge: charge.id, payment_method: method })
}

/** Back to asking for a payment method, the refusal kept as the intent's last error. */
function failAttempt(account: Account, intent: PaymentIntent, error: ApiError): Declined {
  const declined = new Declined(error)
  intent.status = 'requires_payment_method'
  intent.payment_method = null
  intent.next_action = null
  intent.processing = null
  intent.last_payment_error = { ...declined.error } as PaymentIntent['last_payment_error']
  account.paymentIntents.put(intent.id, intent)
  account.emit('payment_intent.payment_failed', intent)
  declined.error.payment_intent = intent
  return declined
}

const chargeOf = (account: Account, intent: PaymentIntent): Charge => find(account.charges, 'charge', intent.latest_charge ?? '', 'charge')

const methodOf = (account: Account, intent: PaymentIntent): PaymentMethod =>
  find(account.paymentMethods, 'PaymentMethod', intent.payment_method ?? '', 'payment_method')

const unexpectedState = (intent: PaymentIntent, message: string): Error =>
  badState(message, { code: 'payment_intent_unexpected_state', payment_intent: intent })
