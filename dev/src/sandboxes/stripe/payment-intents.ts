import { newId } from '../shared/ids.ts';
import { find, type Account } from './account.ts';
import { allowMethods, METHOD_PARAMS, returnUrl } from './allowed-methods.ts';
import { openDispute } from './disputes.ts';
import { badParam, badState, Declined } from './errors.ts';
import { LIST_PARAMS, listOf } from './lists.ts';
import { chargeAmount, chargeCurrency, money } from './money.ts';
import { newCharge, newPaymentIntent, type Charge, type List, type PaymentIntent, type PaymentMethod } from './objects.ts';
import type { Params } from './params.ts';
import { attach, cardOf, findPaymentMethod, saveForLater } from './payment-methods.ts';
import { releaseRest } from './refunds.ts';
import { AUTHENTICATION_NOT_HANDLED, AUTHENTICATION_REQUIRED, type Decline } from './test-cards.ts';

const CONFIRM_ONLY = ['return_url', 'off_session', 'error_on_requires_action', 'use_stripe_sdk'];
const FIELDS = ['amount', 'currency', 'customer', 'payment_method', 'payment_method_options', 'setup_future_usage',
  'description', 'metadata', 'receipt_email', 'shipping', 'statement_descriptor', 'statement_descriptor_suffix', 'transfer_group'];

export const CREATE_PARAMS = [...FIELDS, ...METHOD_PARAMS, ...CONFIRM_ONLY, 'capture_method', 'confirmation_method', 'confirm', 'expand'];
export const UPDATE_PARAMS = [...FIELDS, 'expand'];
export const CONFIRM_PARAMS = [...CONFIRM_ONLY, 'payment_method', 'payment_method_options', 'setup_future_usage',
  'capture_method', 'receipt_email', 'shipping', 'client_secret', 'key', 'expand'];
export const CAPTURE_PARAMS = ['amount_to_capture', 'final_capture', 'metadata', 'statement_descriptor', 'statement_descriptor_suffix', 'expand'];
export const CANCEL_PARAMS = ['cancellation_reason', 'expand'];
export const PAYMENT_INTENT_LIST_PARAMS = [...LIST_PARAMS, 'customer'];

const CONFIRMABLE = ['requires_payment_method', 'requires_confirmation', 'requires_action'];
const CANCELABLE = ['requires_payment_method', 'requires_capture', 'requires_confirmation', 'requires_action', 'processing'];

export function createPaymentIntent(account: Account, params: Params): PaymentIntent | Declined {
  const currency = chargeCurrency(params);
  const intent = newPaymentIntent(account.now(), chargeAmount(params, currency), currency);
  intent.capture_method = params.oneOf('capture_method', ['automatic', 'automatic_async', 'manual']) ?? intent.capture_method;
  intent.confirmation_method = params.oneOf('confirmation_method', ['automatic', 'manual']) ?? intent.confirmation_method;
  allowMethods(intent, params);
  apply(account, intent, params);
  const confirmed = params.flag('confirm');
  const early = CONFIRM_ONLY.find((name) => params.has(name));
  if (early && !confirmed) throw badParam(early, `The parameter \`${early}\` cannot be passed when creating a PaymentIntent unless \`confirm\` is set to true.`);
  account.paymentIntents.put(intent.id, intent);
  account.emit('payment_intent.created', intent);
  return confirmed ? confirm(account, intent, params) : intent;
}

export const retrievePaymentIntent = (account: Account, _params: Params, id: string): PaymentIntent =>
  find(account.paymentIntents, 'payment_intent', id, 'intent', 404);

export function updatePaymentIntent(account: Account, params: Params, id: string): PaymentIntent {
  const intent = retrievePaymentIntent(account, params, id);
  for (const field of ['amount', 'currency', 'payment_method']) {
    if (params.has(field) && !CONFIRMABLE.includes(intent.status)) {
      throw unexpectedState(
        intent,
        `This PaymentIntent's ${field} could not be updated because it has a status of ${intent.status}. You may only update the ${field} of a PaymentIntent with one of the following statuses: ${CONFIRMABLE.join(', ')}.`,
      );
    }
  }
  if (params.has('currency')) intent.currency = chargeCurrency(params);
  if (params.has('amount')) intent.amount = chargeAmount(params, intent.currency);
  apply(account, intent, params);
  account.paymentIntents.put(intent.id, intent);
  return intent;
}

export function confirmPaymentIntent(account: Account, params: Params, id: string): PaymentIntent | Declined {
  return confirm(account, retrievePaymentIntent(account, params, id), params);
}

/** Takes up to what is held; the rest of the hold is released, as one capture is all a card hold allows. */
export function capturePaymentIntent(account: Account, params: Params, id: string): PaymentIntent {
  const intent = retrievePaymentIntent(account, params, id);
  if (intent.status !== 'requires_capture') {
    throw unexpectedState(
      intent,
      `This PaymentIntent could not be captured because it has a status of ${intent.status}. Only a PaymentIntent with one of the following statuses may be captured: requires_capture.`,
    );
  }
  const amount = params.integer('amount_to_capture') ?? intent.amount_capturable;
  if (amount < 1) throw badParam('amount_to_capture', 'This value must be greater than or equal to 1.', 'parameter_invalid_integer');
  if (amount > intent.amount_capturable) {
    throw badParam(
      'amount_to_capture',
      `The provided amount_to_capture (${money(amount, intent.currency)}) is greater than the amount that can be captured (${money(intent.amount_capturable, intent.currency)}).`,
      'amount_too_large',
    );
  }
  if (params.has('final_capture') && !params.flag('final_capture')) {
    throw badParam('final_capture', 'This PaymentIntent does not support multicapture: final_capture must be true.');
  }
  intent.metadata = params.metadata(intent.metadata);
  const charge = chargeOf(account, intent);
  take(account, intent, charge, amount);
  account.emit('charge.captured', charge);
  finish(account, intent, charge);
  return intent;
}

export function cancelPaymentIntent(account: Account, params: Params, id: string): PaymentIntent {
  const intent = retrievePaymentIntent(account, params, id);
  if (!CANCELABLE.includes(intent.status)) {
    throw unexpectedState(
      intent,
      `You cannot cancel this PaymentIntent because it has a status of ${intent.status}. Only a PaymentIntent with one of the following statuses may be canceled: ${CANCELABLE.join(', ')}.`,
    );
  }
  const reason = params.oneOf('cancellation_reason', ['duplicate', 'fraudulent', 'requested_by_customer', 'abandoned']) ?? null;
  return release(account, intent, reason, 'charge.refunded');
}

export function listPaymentIntents(account: Account, params: Params): List<PaymentIntent> {
  const customer = params.text('customer');
  return listOf('/v1/payment_intents', account.paymentIntents.all(), params, (intent) => customer === undefined || intent.customer === customer);
}

/** Ends a hold as the issuer does when nobody captures it in time. */
export const expirePaymentIntent = (account: Account, id: string): PaymentIntent => {
  const intent = find(account.paymentIntents, 'payment_intent', id, 'intent', 404);
  if (intent.status !== 'requires_capture') throw unexpectedState(intent, `Only a held payment can expire; this one has a status of ${intent.status}.`);
  return release(account, intent, 'automatic', 'charge.expired');
};

/** Ends the wait of a payment in `processing`. */
export function settlePaymentIntent(account: Account, id: string, outcome: 'succeeded' | 'failed'): PaymentIntent {
  const intent = find(account.paymentIntents, 'payment_intent', id, 'intent', 404);
  if (intent.status !== 'processing') throw unexpectedState(intent, `This PaymentIntent is not processing: it has a status of ${intent.status}.`);
  const method = methodOf(account, intent);
  if (outcome === 'succeeded') return approve(account, intent, method, false);
  decline(account, intent, method, { code: 'card_declined', decline_code: 'generic_decline', message: 'Your card was declined.' });
  return intent;
}

/** Goes on after the customer has passed or failed 3-D Secure. */
export function finishAuthentication(account: Account, id: string, passed: boolean): PaymentIntent {
  const intent = find(account.paymentIntents, 'payment_intent', id, 'intent', 404);
  const method = methodOf(account, intent);
  if (passed) {
    chargeCard(account, intent, method, true);
    return intent;
  }
  failAttempt(
    account,
    intent,
    new Declined({
      type: 'invalid_request_error',
      code: 'payment_intent_authentication_failure',
      message: 'We are unable to authenticate your payment method. Please choose a different payment method and try again.',
      payment_method: method,
    }),
  );
  return intent;
}

function apply(account: Account, intent: PaymentIntent, params: Params): void {
  for (const field of ['description', 'receipt_email', 'statement_descriptor', 'statement_descriptor_suffix', 'transfer_group'] as const) {
    if (params.has(field)) intent[field] = params.text(field) ?? null;
  }
  intent.metadata = params.metadata(intent.metadata);
  const customer = params.text('customer');
  if (customer) intent.customer = find(account.customers, 'customer', customer, 'customer').id;
  applyPayment(account, intent, params);
}

/** What both create, update and confirm may set. */
function applyPayment(account: Account, intent: PaymentIntent, params: Params): void {
  intent.setup_future_usage = params.oneOf('setup_future_usage', ['off_session', 'on_session']) ?? intent.setup_future_usage;
  const card = params.group('payment_method_options')?.group('card');
  if (intent.payment_method_options?.card && card) {
    intent.payment_method_options.card.request_three_d_secure =
      card.oneOf('request_three_d_secure', ['any', 'automatic', 'challenge']) ?? intent.payment_method_options.card.request_three_d_secure;
  }
  if (card?.text('capture_method') === 'manual') intent.capture_method = 'manual';
  const shipping = params.group('shipping');
  if (shipping) intent.shipping = shipping.form as unknown as PaymentIntent['shipping'];
  const method = params.text('payment_method');
  if (method) {
    const { id, customer } = findPaymentMethod(account, method, 'payment_method');
    if (customer && customer !== intent.customer) {
      throw badParam(
        'payment_method',
        `The provided PaymentMethod (${id}) belongs to a Customer. Please include the Customer in the \`customer\` parameter on the PaymentIntent.`,
        'payment_intent_invalid_parameter',
      );
    }
    intent.payment_method = id;
    intent.status = 'requires_confirmation';
    intent.next_action = null;
  }
}

function confirm(account: Account, intent: PaymentIntent, params: Params): PaymentIntent | Declined {
  if (!CONFIRMABLE.includes(intent.status)) {
    throw unexpectedState(
      intent,
      intent.status === 'succeeded'
        ? 'You cannot confirm this PaymentIntent because it has already succeeded after being previously confirmed.'
        : `You cannot confirm this PaymentIntent because it has a status of ${intent.status}. Only a PaymentIntent with one of the following statuses may be confirmed: ${CONFIRMABLE.join(', ')}.`,
    );
  }
  applyPayment(account, intent, params);
  const back = returnUrl(intent, params);
  if (!intent.payment_method) {
    throw unexpectedState(
      intent,
      "You cannot confirm this PaymentIntent because it's missing a payment method. You can either update the PaymentIntent with a payment method and then confirm it again, or confirm it again directly with a payment method.",
    );
  }
  const method = methodOf(account, intent);
  if (!wantsAuthentication(account, intent, method)) return chargeCard(account, intent, method, false);
  if (params.has('off_session') && params.text('off_session') !== 'false') return decline(account, intent, method, AUTHENTICATION_REQUIRED);
  if (params.flag('error_on_requires_action')) {
    const declined = new Declined({ type: 'card_error', ...AUTHENTICATION_NOT_HANDLED, payment_method: method });
    failAttempt(account, intent, declined);
    return declined;
  }
  const challenge = newId('payatt');
  account.challenges.put(challenge, { intent: intent.id, returnUrl: back });
  intent.status = 'requires_action';
  intent.next_action = nextAction(account.challengeUrl(challenge), challenge, back);
  account.paymentIntents.put(intent.id, intent);
  account.emit('payment_intent.requires_action', intent);
  return intent;
}

/** Sends a customer who can be redirected to the challenge page, and tells a page running Stripe.js where it is. */
export const nextAction = (url: string, challenge: string, back: string | null): NonNullable<PaymentIntent['next_action']> =>
  back
    ? { type: 'redirect_to_url', redirect_to_url: { return_url: back, url } }
    : { type: 'use_stripe_sdk', use_stripe_sdk: { type: 'three_d_secure_redirect', stripe_js: url, source: challenge } };

function wantsAuthentication(account: Account, intent: PaymentIntent, method: PaymentMethod): boolean {
  const { authentication, savedForLater } = cardOf(account, method);
  const requested = intent.payment_method_options?.card?.request_three_d_secure;
  return (
    authentication === 'always' ||
    (authentication === 'unless-saved' && !savedForLater) ||
    (authentication === 'on-request' && requested !== 'automatic')
  );
}

function chargeCard(account: Account, intent: PaymentIntent, method: PaymentMethod, authenticated: boolean): PaymentIntent | Declined {
  const card = cardOf(account, method);
  if (card.decline) return decline(account, intent, method, card.decline);
  if (account.slowPayments > 0) {
    account.slowPayments -= 1;
    intent.status = 'processing';
    intent.processing = { type: 'card' };
    intent.next_action = null;
    account.paymentIntents.put(intent.id, intent);
    account.emit('payment_intent.processing', intent);
    return intent;
  }
  return approve(account, intent, method, authenticated);
}

function approve(account: Account, intent: PaymentIntent, method: PaymentMethod, authenticated: boolean): PaymentIntent {
  const charge = newCharge(account.now(), intent, method, authenticated);
  intent.latest_charge = charge.id;
  intent.last_payment_error = null;
  intent.next_action = null;
  intent.processing = null;
  if (intent.setup_future_usage && intent.customer) {
    if (!method.customer) attach(account, method, intent.customer);
    if (intent.setup_future_usage === 'off_session') saveForLater(account, method);
  }
  if (intent.capture_method === 'manual') {
    intent.status = 'requires_capture';
    intent.amount_capturable = intent.amount;
    account.charges.put(charge.id, charge);
    account.paymentIntents.put(intent.id, intent);
    account.emit('charge.succeeded', charge);
    account.emit('payment_intent.amount_capturable_updated', intent);
    return intent;
  }
  take(account, intent, charge, intent.amount);
  account.emit('charge.succeeded', charge);
  finish(account, intent, charge);
  return intent;
}

function take(account: Account, intent: PaymentIntent, charge: Charge, amount: number): void {
  charge.captured = true;
  charge.amount_captured = amount;
  releaseRest(account, charge);
  account.charges.put(charge.id, charge);
  intent.status = 'succeeded';
  intent.amount_capturable = 0;
  intent.amount_received = amount;
  account.paymentIntents.put(intent.id, intent);
}

function finish(account: Account, intent: PaymentIntent, charge: Charge): void {
  account.emit('payment_intent.succeeded', intent);
  const { dispute } = cardOf(account, find(account.paymentMethods, 'PaymentMethod', charge.payment_method ?? '', 'payment_method'));
  if (dispute) openDispute(account, charge, charge.amount_captured, dispute);
}

function decline(account: Account, intent: PaymentIntent, method: PaymentMethod, refusal: Decline): Declined {
  const charge = failedCharge(account, intent, method, refusal);
  const declined = new Declined({ type: 'card_error', ...refusal, charge: charge.id, payment_method: method });
  intent.latest_charge = charge.id;
  failAttempt(account, intent, declined);
  return declined;
}

function failedCharge(account: Account, intent: PaymentIntent, method: PaymentMethod, refusal: Decline): Charge {
  const charge = newCharge(account.now(), intent, method, false);
  charge.status = 'failed';
  charge.paid = false;
  charge.failure_code = refusal.code;
  charge.failure_message = refusal.message;
  charge.payment_method_details.card.authorization_code = null;
  charge.outcome = {
    advice_code: (refusal.advice_code ?? null) as never,
    network_advice_code: null,
    network_decline_code: null,
    network_status: 'declined_by_network',
    reason: refusal.decline_code,
    risk_level: 'normal',
    seller_message: 'The bank declined this payment.',
    type: 'issuer_declined',
  };
  account.charges.put(charge.id, charge);
  account.emit('charge.failed', charge);
  return charge;
}

/** Back to asking for a payment method, the refusal kept as the intent's last error. */
function failAttempt(account: Account, intent: PaymentIntent, declined: Declined): void {
  intent.status = 'requires_payment_method';
  intent.payment_method = null;
  intent.next_action = null;
  intent.processing = null;
  intent.last_payment_error = { ...declined.error } as PaymentIntent['last_payment_error'];
  account.paymentIntents.put(intent.id, intent);
  account.emit('payment_intent.payment_failed', intent);
  declined.error.payment_intent = intent;
}

/** Lets go of what is held, if anything is, and ends the payment. */
function release(account: Account, intent: PaymentIntent, reason: PaymentIntent['cancellation_reason'], event: 'charge.refunded' | 'charge.expired'): PaymentIntent {
  if (intent.status === 'requires_capture') {
    const charge = chargeOf(account, intent);
    releaseRest(account, charge);
    charge.refunded = true;
    account.charges.put(charge.id, charge);
    account.emit(event, charge);
  }
  intent.status = 'canceled';
  intent.amount_capturable = 0;
  intent.canceled_at = account.now();
  intent.cancellation_reason = reason;
  intent.next_action = null;
  intent.processing = null;
  account.paymentIntents.put(intent.id, intent);
  account.emit('payment_intent.canceled', intent);
  return intent;
}

/** A hold nobody captured in time has lapsed by itself; run before a call looks at the intent. */
export function lapseIfOverdue(account: Account, id: string): void {
  const intent = account.paymentIntents.get(id);
  if (intent?.status !== 'requires_capture') return;
  const { capture_before } = chargeOf(account, intent).payment_method_details.card;
  if (capture_before !== undefined && capture_before <= account.now()) expirePaymentIntent(account, id);
}

const chargeOf = (account: Account, intent: PaymentIntent): Charge => find(account.charges, 'charge', intent.latest_charge ?? '', 'charge');

const methodOf = (account: Account, intent: PaymentIntent): PaymentMethod =>
  find(account.paymentMethods, 'PaymentMethod', intent.payment_method ?? '', 'payment_method');

const unexpectedState = (intent: PaymentIntent, message: string): Error =>
  badState(message, { code: 'payment_intent_unexpected_state', payment_intent: intent });

/** What a browser with the publishable key and the client secret may see. */
export function publicPaymentIntent(intent: PaymentIntent): object {
  const { id, object, amount, amount_details, automatic_payment_methods, canceled_at, cancellation_reason, capture_method, client_secret,
    confirmation_method, created, currency, description, last_payment_error, livemode, next_action, payment_method,
    payment_method_configuration_details, payment_method_types, processing, receipt_email, setup_future_usage, shipping, source, status } = intent;
  return { id, object, amount, amount_details, automatic_payment_methods, canceled_at, cancellation_reason, capture_method, client_secret,
    confirmation_method, created, currency, description, last_payment_error, livemode, next_action, payment_method,
    payment_method_configuration_details, payment_method_types, processing, receipt_email, setup_future_usage, shipping, source, status };
}
