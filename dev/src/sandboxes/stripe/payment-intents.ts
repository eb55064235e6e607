import { find, type Account } from './account.ts'
import { allowMethods, METHOD_PARAMS } from './allowed-methods.ts'
import { badParam, badState, type Declined } from './errors.ts'
import { LIST_PARAMS, listOf } from './lists.ts'
import { chargeAmount, chargeCurrency, money } from './money.ts'
import { newPaymentIntent, type List, type PaymentIntent } from './objects.ts'
import type { Params } from './params.ts'
import { allowsMulticapture, attempt, capture, mustBe, OPEN, release } from './payment-attempt.ts'
import { findPaymentMethod } from './payment-methods.ts'

const ON_CONFIRMATION = ['return_url', 'off_session', 'error_on_requires_action', 'use_stripe_sdk']
const PAYMENT = ['payment_method', 'payment_method_options', 'setup_future_usage', 'capture_method', 'receipt_email', 'shipping']
const ORDER = ['amount', 'currency', 'customer', 'description', 'metadata', 'statement_descriptor', 'statement_descriptor_suffix', 'transfer_group']

export const CREATE_PARAMS = [...ORDER, ...PAYMENT, ...METHOD_PARAMS, ...ON_CONFIRMATION, 'confirmation_method', 'confirm', 'expand']
export const UPDATE_PARAMS = [...ORDER, ...PAYMENT, 'expand']
export const CONFIRM_PARAMS = [...PAYMENT, ...ON_CONFIRMATION, 'client_secret', 'key', 'expand']
export const CAPTURE_PARAMS = ['amount_to_capture', 'final_capture', 'metadata', 'statement_descriptor', 'statement_descriptor_suffix', 'expand']
export const CANCEL_PARAMS = ['cancellation_reason', 'expand']
export const PAYMENT_INTENT_LIST_PARAMS = [...LIST_PARAMS, 'customer']

export function createPaymentIntent(account: Account, params: Params): PaymentIntent | Declined {
  const currency = chargeCurrency(params)
  const intent = newPaymentIntent(account.now(), chargeAmount(params, currency), currency)
  intent.confirmation_method = params.oneOf('confirmation_method', ['automatic', 'manual']) ?? intent.confirmation_method
  allowMethods(intent, params)
  apply(account, intent, params)
  const confirmed = params.flag('confirm')
  const early = ON_CONFIRMATION.find((name) => params.has(name))
  if (early && !confirmed) throw badParam(early, `The parameter \`${early}\` cannot be passed unless \`confirm\` is set to true.`)
  account.paymentIntents.put(intent.id, intent)
  account.emit('payment_intent.created', intent)
  return confirmed ? attempt(account, intent, params) : intent
}

export const retrievePaymentIntent = (account: Account, _params: Params, id: string): PaymentIntent =>
  find(account.paymentIntents, 'payment_intent', id, 'intent', 404)

export function updatePaymentIntent(account: Account, params: Params, id: string): PaymentIntent {
  const intent = retrievePaymentIntent(account, params, id)
  if (['amount', 'currency', 'payment_method'].some((field) => params.has(field))) mustBe(intent, OPEN, 'updated')
  if (params.has('currency')) intent.currency = chargeCurrency(params)
  if (params.has('amount')) intent.amount = chargeAmount(params, intent.currency)
  apply(account, intent, params)
  account.paymentIntents.put(intent.id, intent)
  return intent
}

export function confirmPaymentIntent(account: Account, params: Params, id: string): PaymentIntent | Declined {
  const intent = retrievePaymentIntent(account, params, id)
  mustBe(intent, OPEN, 'confirmed')
  apply(account, intent, params)
  return attempt(account, intent, params)
}

/**
 * Takes up to what is held. A final capture, the default, releases the rest of the hold; where the hold may be captured
 * several times, others leave it, and a final one of nothing only lets the rest go.
 */
export function capturePaymentIntent(account: Account, params: Params, id: string): PaymentIntent {
  const intent = retrievePaymentIntent(account, params, id)
  mustBe(intent, ['requires_capture'], 'captured')
  const held = intent.amount_capturable
  const amount = params.integer('amount_to_capture') ?? held
  const final = !params.has('final_capture') || params.flag('final_capture')
  if (amount < (final && intent.amount_received > 0 ? 0 : 1)) throw badParam('amount_to_capture', 'This value must be greater than or equal to 1.', 'parameter_invalid_integer')
  if (amount > held) {
    const [asked, most] = [money(amount, intent.currency), money(held, intent.currency)]
    throw badParam('amount_to_capture', `The amount (${asked}) is greater than what can be captured (${most}).`, 'amount_too_large')
  }
  if (!final && !allowsMulticapture(account, intent)) {
    throw badParam('final_capture', 'This PaymentIntent does not support multicapture: final_capture must be true.')
  }
  intent.metadata = params.metadata(intent.metadata)
  return capture(account, intent, amount, final)
}

export function cancelPaymentIntent(account: Account, params: Params, id: string): PaymentIntent {
  const intent = retrievePaymentIntent(account, params, id)
  mustBe(intent, [...OPEN, 'requires_capture', 'processing'], 'canceled')
  if (intent.amount_received > 0) throw badState('This PaymentIntent was captured in part: let its rest go with a final capture of 0.')
  const reason = params.oneOf('cancellation_reason', ['duplicate', 'fraudulent', 'requested_by_customer', 'abandoned']) ?? null
  return release(account, intent, reason)
}

export function listPaymentIntents(account: Account, params: Params): List<PaymentIntent> {
  const customer = params.text('customer')
  return listOf('/v1/payment_intents', account.paymentIntents.all(), params, (intent) => customer === undefined || intent.customer === customer)
}

function apply(account: Account, intent: PaymentIntent, params: Params): void {
  for (const field of ['description', 'receipt_email', 'statement_descriptor', 'statement_descriptor_suffix', 'transfer_group'] as const) {
    if (params.has(field)) intent[field] = params.text(field) ?? null
  }
  intent.metadata = params.metadata(intent.metadata)
  const customer = params.text('customer')
  if (customer) intent.customer = find(account.customers, 'customer', customer, 'customer').id
  intent.setup_future_usage = params.oneOf('setup_future_usage', ['off_session', 'on_session']) ?? intent.setup_future_usage
  intent.capture_method = params.oneOf('capture_method', ['automatic', 'automatic_async', 'manual']) ?? intent.capture_method
  const card = params.group('payment_method_options')?.group('card')
  if (card?.text('capture_method') === 'manual') intent.capture_method = 'manual'
  const multicapture = card?.oneOf('request_multicapture', ['if_available', 'never'])
  if (multicapture && intent.payment_method_options?.card) intent.payment_method_options.card.request_multicapture = multicapture
  const authentication = card?.oneOf('request_three_d_secure', ['any', 'automatic', 'challenge'])
  if (authentication && intent.payment_method_options?.card) intent.payment_method_options.card.request_three_d_secure = authentication
  const shipping = params.group('shipping')
  if (shipping) intent.shipping = shipping.form as unknown as PaymentIntent['shipping']
  const method = params.text('payment_method')
  if (method) pay(account, intent, method)
}

/** Chooses what the intent is paid with: an id, or a test token. */
function pay(account: Account, intent: PaymentIntent, idOrToken: string): void {
  const { id, customer } = findPaymentMethod(account, idOrToken, 'payment_method')
  if (customer && customer !== intent.customer) {
    throw badParam(
      'payment_method',
      `The provided PaymentMethod (${id}) belongs to a Customer. Please include the Customer in the \`customer\` parameter on the PaymentIntent.`,
      'payment_intent_invalid_parameter',
    )
  }
  intent.payment_method = id
  intent.status = 'requires_confirmation'
  intent.next_action = null
}

/** What a browser with the publishable key and the client secret may see. */
export function publicPaymentIntent(intent: PaymentIntent): object {
  const { amount_capturable, amount_received, application, customer, latest_charge, metadata, on_behalf_of, payment_method_options, review,
    statement_descriptor, statement_descriptor_suffix, transfer_data, transfer_group, ...shown } = intent
  return shown
}
