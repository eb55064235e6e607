import { newId } from '../shared/ids.ts'
import { find, type Account } from './account.ts'
import { allowMethods, METHOD_PARAMS, returnUrl } from './allowed-methods.ts'
import { badParam, badState, Declined } from './errors.ts'
import { newSetupIntent, type PaymentMethod, type SetupIntent } from './objects.ts'
import type { Params } from './params.ts'
import { nextAction } from './payment-attempt.ts'
import { attach, cardOf, findPaymentMethod, saveForLater } from './payment-methods.ts'

export const SETUP_CREATE_PARAMS = ['customer', 'payment_method', ...METHOD_PARAMS, 'usage', 'confirm', 'return_url',
  'use_stripe_sdk', 'description', 'metadata', 'expand']
export const SETUP_CONFIRM_PARAMS = ['payment_method', 'return_url', 'use_stripe_sdk', 'client_secret', 'key', 'expand']
export const SETUP_CANCEL_PARAMS = ['cancellation_reason', 'expand']

const OPEN = ['requires_payment_method', 'requires_confirmation', 'requires_action']

export function createSetupIntent(account: Account, params: Params): SetupIntent | Declined {
  const setup = newSetupIntent(account.now())
  setup.usage = params.oneOf('usage', ['off_session', 'on_session']) ?? 'off_session'
  setup.description = params.text('description') ?? null
  setup.metadata = params.metadata()
  allowMethods(setup, params)
  const customer = params.text('customer')
  if (customer) setup.customer = find(account.customers, 'customer', customer, 'customer').id
  choose(account, setup, params)
  account.setupIntents.put(setup.id, setup)
  account.emit('setup_intent.created', setup)
  return params.flag('confirm') ? confirm(account, setup, params) : setup
}

export const retrieveSetupIntent = (account: Account, _params: Params, id: string): SetupIntent =>
  find(account.setupIntents, 'setupintent', id, 'intent', 404)

export const confirmSetupIntent = (account: Account, params: Params, id: string): SetupIntent | Declined =>
  confirm(account, retrieveSetupIntent(account, params, id), params)

export function cancelSetupIntent(account: Account, params: Params, id: string): SetupIntent {
  const setup = retrieveSetupIntent(account, params, id)
  if (!OPEN.includes(setup.status)) throw unexpectedState(setup, `You cannot cancel this SetupIntent because it has a status of ${setup.status}.`)
  setup.status = 'canceled'
  setup.cancellation_reason = params.oneOf('cancellation_reason', ['abandoned', 'duplicate', 'requested_by_customer']) ?? null
  setup.next_action = null
  account.setupIntents.put(setup.id, setup)
  account.emit('setup_intent.canceled', setup)
  return setup
}

/** Goes on after the customer has passed or failed 3-D Secure. */
export function finishSetupAuthentication(account: Account, id: string, passed: boolean): SetupIntent {
  const setup = find(account.setupIntents, 'setupintent', id, 'intent', 404)
  const method = find(account.paymentMethods, 'PaymentMethod', setup.payment_method ?? '', 'payment_method')
  if (passed) return succeed(account, setup, method)
  setup.last_setup_error = {
    code: 'setup_intent_authentication_failure',
    message: 'We are unable to authenticate your payment method. Please choose a different payment method and try again.',
    payment_method: method as never,
    type: 'invalid_request_error',
  }
  return fail(account, setup)
}

function choose(account: Account, setup: SetupIntent, params: Params): void {
  const given = params.text('payment_method')
  if (!given) return
  const method = findPaymentMethod(account, given, 'payment_method')
  if (method.customer && method.customer !== setup.customer) {
    throw badParam(
      'payment_method',
      `The provided PaymentMethod (${method.id}) belongs to a Customer. Please include the Customer in the \`customer\` parameter on the SetupIntent.`,
    )
  }
  setup.payment_method = method.id
  setup.status = 'requires_confirmation'
  setup.next_action = null
}

function confirm(account: Account, setup: SetupIntent, params: Params): SetupIntent | Declined {
  if (!OPEN.includes(setup.status)) throw unexpectedState(setup, `You cannot confirm this SetupIntent because it has a status of ${setup.status}.`)
  choose(account, setup, params)
  const back = returnUrl(setup, params)
  if (!setup.payment_method) throw unexpectedState(setup, "You cannot confirm this SetupIntent because it's missing a payment method.")
  const method = find(account.paymentMethods, 'PaymentMethod', setup.payment_method, 'payment_method')
  const { authentication, decline, declinesLater } = cardOf(account, method)
  if (decline && !declinesLater) {
    const declined = new Declined({ type: 'card_error', ...decline, payment_method: method })
    setup.last_setup_error = { ...declined.error } as SetupIntent['last_setup_error']
    declined.error.setup_intent = fail(account, setup)
    return declined
  }
  if (authentication !== 'always' && authentication !== 'unless-saved') return succeed(account, setup, method)
  const challenge = newId('setatt')
  account.challenges.put(challenge, { intent: setup.id, returnUrl: back })
  setup.status = 'requires_action'
  setup.next_action = nextAction(account.challengeUrl(challenge), challenge, back) as SetupIntent['next_action']
  account.setupIntents.put(setup.id, setup)
  account.emit('setup_intent.requires_action', setup)
  return setup
}

function succeed(account: Account, setup: SetupIntent, method: PaymentMethod): SetupIntent {
  if (setup.customer && !method.customer) attach(account, method, setup.customer)
  if (setup.usage === 'off_session') saveForLater(account, method)
  setup.status = 'succeeded'
  setup.next_action = null
  setup.last_setup_error = null
  account.setupIntents.put(setup.id, setup)
  account.emit('setup_intent.succeeded', setup)
  return setup
}

function fail(account: Account, setup: SetupIntent): SetupIntent {
  setup.status = 'requires_payment_method'
  setup.payment_method = null
  setup.next_action = null
  account.setupIntents.put(setup.id, setup)
  account.emit('setup_intent.setup_failed', setup)
  return setup
}

const unexpectedState = (setup: SetupIntent, message: string): Error =>
  badState(message, { code: 'setup_intent_unexpected_state', setup_intent: setup })

/** What a browser with the publishable key and the client secret may see. */
export function publicSetupIntent(setup: SetupIntent): object {
  const { id, object, cancellation_reason, client_secret, created, description, last_setup_error, livemode, next_action, payment_method,
    payment_method_types, status, usage } = setup
  return { id, object, cancellation_reason, client_secret, created, description, last_setup_error, livemode, next_action, payment_method,
    payment_method_types, status, usage }
}
