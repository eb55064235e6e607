import { find, type Account } from './account.ts'
import { badParam, badState, missing, StripeRefusal } from './errors.ts'
import { listOf } from './lists.ts'
import { newPaymentMethod, type List, type PaymentMethod } from './objects.ts'
import type { Params } from './params.ts'
import { testCard, type TestCard } from './test-cards.ts'

export const PAYMENT_METHOD_PARAMS = ['type', 'card', 'billing_details', 'metadata', 'expand']

/** Makes a PaymentMethod of `card[token]`. A card number is refused: none belongs in this project. */
export function createPaymentMethod(account: Account, params: Params): PaymentMethod {
  const type = params.required('type')
  if (type !== 'card') throw badParam('type', `The sandbox knows payment methods of type card only, not ${type}.`)
  const card = params.group('card')
  if (card?.has('number')) {
    throw new StripeRefusal(402, {
      type: 'invalid_request_error',
      message: 'Sending credit card numbers directly to the Stripe API is generally unsafe. Use a test token such as tok_visa instead.',
    })
  }
  const token = card?.text('token')
  if (!token) throw badParam('card[token]', 'Missing required param: card[token].', 'parameter_missing')
  const method = fromToken(account, token, 'card[token]')
  const billing = params.group('billing_details')
  if (billing) {
    method.billing_details = {
      ...method.billing_details,
      email: billing.text('email') ?? null,
      name: billing.text('name') ?? null,
      phone: billing.text('phone') ?? null,
    }
  }
  method.metadata = params.metadata()
  account.paymentMethods.put(method.id, method)
  return method
}

export const retrievePaymentMethod = (account: Account, _params: Params, id: string): PaymentMethod =>
  find(account.paymentMethods, 'PaymentMethod', id, 'payment_method', 404)

export function attachPaymentMethod(account: Account, params: Params, id: string): PaymentMethod {
  const customer = find(account.customers, 'customer', params.required('customer'), 'customer')
  const method = findPaymentMethod(account, id, 'payment_method')
  if (method.customer) throw badState('The payment method you provided has already been attached to a customer.')
  const { decline, declinesLater } = cardOf(account, method)
  if (decline && !declinesLater) throw new StripeRefusal(402, { type: 'card_error', ...decline }, true)
  return attach(account, method, customer.id)
}

export function detachPaymentMethod(account: Account, _params: Params, id: string): PaymentMethod {
  const method = find(account.paymentMethods, 'PaymentMethod', id, 'payment_method', 404)
  if (!method.customer) throw badState('The payment method you provided is not attached to a customer so detachment is impossible.')
  method.customer = null
  account.paymentMethods.put(method.id, method)
  account.emit('payment_method.detached', method)
  return method
}

export function listPaymentMethods(account: Account, params: Params, customerInPath?: string): List<PaymentMethod> {
  const customer = customerInPath ?? params.text('customer')
  if (customer !== undefined) find(account.customers, 'customer', customer, 'customer', customerInPath ? 404 : 400)
  params.oneOf('type', ['card'])
  const url = customerInPath ? `/v1/customers/${customerInPath}/payment_methods` : '/v1/payment_methods'
  return listOf(url, account.paymentMethods.all(), params, (method) => method.customer !== null && method.customer === customer)
}

/** The PaymentMethod of an id, or a new one of a test token such as `pm_card_visa`. */
export function findPaymentMethod(account: Account, idOrToken: string, param: string): PaymentMethod {
  return testCard(idOrToken) ? fromToken(account, idOrToken, param) : find(account.paymentMethods, 'PaymentMethod', idOrToken, param)
}

export function attach(account: Account, method: PaymentMethod, customer: string): PaymentMethod {
  method.customer = customer
  account.paymentMethods.put(method.id, method)
  account.emit('payment_method.attached', method)
  return method
}

/** How the card behind a PaymentMethod behaves. */
export function cardOf(account: Account, method: PaymentMethod): TestCard & { savedForLater: boolean } {
  const { token, savedForLater } = find(account.cards, 'PaymentMethod', method.id, 'payment_method')
  const card = testCard(token)
  if (!card) throw missing('PaymentMethod', method.id, 'payment_method')
  return { ...card, savedForLater }
}

/** Remembers that the issuer has agreed to later payments without the customer. */
export function saveForLater(account: Account, method: PaymentMethod): void {
  account.cards.put(method.id, { ...find(account.cards, 'PaymentMethod', method.id, 'payment_method'), savedForLater: true })
}

function fromToken(account: Account, token: string, param: string): PaymentMethod {
  const card = testCard(token)
  if (!card) throw missing('token', token, param)
  const method = newPaymentMethod(account.now(), card)
  account.paymentMethods.put(method.id, method)
  account.cards.put(method.id, { token, savedForLater: false })
  return method
}
