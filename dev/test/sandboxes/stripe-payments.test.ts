import assert from 'node:assert/strict'
import { test } from 'node:test'
import Stripe from 'stripe'
import { API_VERSION } from '../../src/sandboxes/stripe/objects.ts'
import { post, stripeClient, stripeSandbox } from './support.ts'

const CARD_ONLY = { currency: 'usd', allowed_payment_method_types: ['card' as const] }

/** The error `work` ends in, as the client library raises it. */
async function refusal<T extends Stripe.errors.StripeError>(work: Promise<unknown>): Promise<T> {
  try {
    await work
  } catch (error) {
    assert.ok(error instanceof Stripe.errors.StripeError, String(error))
    return error as T
  }
  assert.fail('expected a refusal')
}

async function held(stripe: Stripe, amount: number, card = 'pm_card_visa'): Promise<Stripe.PaymentIntent> {
  return stripe.paymentIntents.create({ ...CARD_ONLY, amount, capture_method: 'manual', payment_method: card, confirm: true })
}

async function paid(stripe: Stripe, amount: number, card = 'pm_card_visa'): Promise<Stripe.PaymentIntent> {
  return stripe.paymentIntents.create({ ...CARD_ONLY, amount, payment_method: card, confirm: true })
}

async function eventTypes(stripe: Stripe): Promise<string[]> {
  return (await stripe.events.list({ limit: 100 })).data.map((event) => event.type).reverse()
}

async function choose(url: string, outcome: 'complete' | 'fail'): Promise<Response> {
  return fetch(url, { method: 'POST', body: new URLSearchParams({ outcome }), redirect: 'manual' })
}

test('the sandbox speaks the API version of the installed client', () => {
  assert.equal(API_VERSION, Stripe.API_VERSION)
})

test('a held payment is captured in part and the rest is released', async (t) => {
  const { stripe } = await stripeSandbox(t)
  const customer = await stripe.customers.create({ email: 'avery@example.com', metadata: { patient: 'p1' } })
  const created = await stripe.paymentIntents.create({
    ...CARD_ONLY, amount: 2599, capture_method: 'manual', customer: customer.id, metadata: { order: 'o1' },
  })
  assert.equal(created.status, 'requires_payment_method')
  const updated = await stripe.paymentIntents.update(created.id, { payment_method: 'pm_card_mastercard', metadata: { line: '2' } })
  assert.equal(updated.status, 'requires_confirmation')
  assert.deepEqual(updated.metadata, { order: 'o1', line: '2' })

  const confirmed = await stripe.paymentIntents.confirm(created.id, { expand: ['latest_charge'] })
  assert.equal(confirmed.status, 'requires_capture')
  assert.equal(confirmed.amount_capturable, 2599)
  const hold = confirmed.latest_charge as Stripe.Charge
  assert.equal(hold.captured, false)
  const until = hold.payment_method_details?.card?.capture_before ?? 0
  assert.equal(until - hold.created, 7 * 24 * 3600)

  const captured = await stripe.paymentIntents.capture(created.id, { amount_to_capture: 2000 })
  assert.deepEqual(
    [captured.status, captured.amount, captured.amount_received, captured.amount_capturable],
    ['succeeded', 2599, 2000, 0],
  )
  const charge = await stripe.charges.retrieve(captured.latest_charge as string)
  assert.deepEqual([charge.captured, charge.amount_captured, charge.amount_refunded, charge.refunded], [true, 2000, 0, false])
  assert.deepEqual((await stripe.refunds.list({ charge: charge.id })).data, [], 'a released rest is no refund')
  assert.deepEqual(await eventTypes(stripe), [
    'customer.created',
    'payment_intent.created',
    'charge.succeeded',
    'payment_intent.amount_capturable_updated',
    'charge.captured',
    'payment_intent.succeeded',
  ])
})

test('a hold that allows it is captured in parts, and a final capture lets the rest go', async (t) => {
  const { stripe } = await stripeSandbox(t)
  const open = (card: string) => stripe.paymentIntents.create({
    ...CARD_ONLY, amount: 3000, capture_method: 'manual', payment_method: card, confirm: true,
    payment_method_options: { card: { request_multicapture: 'if_available' } }, expand: ['latest_charge'],
  })
  const intent = await open('pm_card_visa')
  assert.equal((intent.latest_charge as Stripe.Charge).payment_method_details?.card?.multicapture?.status, 'available')
  const first = await stripe.paymentIntents.capture(intent.id, { amount_to_capture: 1000, final_capture: false })
  assert.deepEqual([first.status, first.amount_received, first.amount_capturable], ['requires_capture', 1000, 2000])
  assert.equal((await refusal(stripe.paymentIntents.cancel(intent.id))).statusCode, 400)
  await stripe.refunds.create({ payment_intent: intent.id, amount: 200 })
  const second = await stripe.paymentIntents.capture(intent.id, { amount_to_capture: 500, final_capture: false })
  assert.deepEqual([second.amount_received, second.amount_capturable], [1500, 1500])
  const last = await stripe.paymentIntents.capture(intent.id, { amount_to_capture: 0, final_capture: true })
  assert.deepEqual([last.status, last.amount_received, last.amount_capturable], ['succeeded', 1500, 0])
  const charge = await stripe.charges.retrieve(last.latest_charge as string)
  assert.deepEqual([charge.amount_captured, charge.amount_refunded, charge.captured], [1500, 200, true])

  const once = await open('pm_card_mastercard_prepaid')
  assert.equal((once.latest_charge as Stripe.Charge).payment_method_details?.card?.multicapture?.status, 'unavailable')
  assert.equal((await refusal(stripe.paymentIntents.capture(once.id, { amount_to_capture: 1000, final_capture: false }))).param, 'final_capture')
})

test('a hold captured in part that lapses keeps what was taken', async (t) => {
  const { stripe, url } = await stripeSandbox(t)
  const intent = await stripe.paymentIntents.create({
    ...CARD_ONLY, amount: 3000, capture_method: 'manual', payment_method: 'pm_card_visa', confirm: true, payment_method_options: { card: { request_multicapture: 'if_available' } },
  })
  await stripe.paymentIntents.capture(intent.id, { amount_to_capture: 1000, final_capture: false })
  await post(`${url}/control/payment_intents/${intent.id}/expire`)
  const lapsed = await stripe.paymentIntents.retrieve(intent.id)
  assert.deepEqual([lapsed.status, lapsed.amount_received, lapsed.amount_capturable], ['succeeded', 1000, 0])
})

test('more than is held cannot be captured, and a hold is captured once', async (t) => {
  const { stripe } = await stripeSandbox(t)
  const intent = await held(stripe, 1000)
  const tooMuch = await refusal(stripe.paymentIntents.capture(intent.id, { amount_to_capture: 1001 }))
  assert.deepEqual([tooMuch.statusCode, tooMuch.code, tooMuch.param], [400, 'amount_too_large', 'amount_to_capture'])
  await stripe.paymentIntents.capture(intent.id)
  const again = await refusal(stripe.paymentIntents.capture(intent.id, {}, { idempotencyKey: 'again' }))
  assert.equal(again.code, 'payment_intent_unexpected_state')
  assert.equal(again.payment_intent?.status, 'succeeded')
})

test('cancelling a held payment releases it, and a cancelled payment stays cancelled', async (t) => {
  const { stripe } = await stripeSandbox(t)
  const intent = await held(stripe, 1000)
  const canceled = await stripe.paymentIntents.cancel(intent.id, { cancellation_reason: 'requested_by_customer' })
  assert.deepEqual([canceled.status, canceled.amount_capturable, canceled.cancellation_reason], ['canceled', 0, 'requested_by_customer'])
  const charge = await stripe.charges.retrieve(canceled.latest_charge as string)
  assert.deepEqual([charge.captured, charge.refunded, charge.amount_refunded], [false, false, 0])
  assert.equal((await refusal(stripe.paymentIntents.capture(intent.id))).code, 'payment_intent_unexpected_state')
  assert.equal((await refusal(stripe.paymentIntents.confirm(intent.id))).code, 'payment_intent_unexpected_state')
})

test('a hold nobody captures lapses', async (t) => {
  const { stripe, url } = await stripeSandbox(t)
  const intent = await held(stripe, 1000)
  assert.equal((await post(`${url}/control/payment_intents/${intent.id}/expire`)).status, 200)
  const lapsed = await stripe.paymentIntents.retrieve(intent.id)
  assert.deepEqual([lapsed.status, lapsed.cancellation_reason], ['canceled', 'expired'])
})

test('declines carry the code, decline code and advice of the card, and leave the payment open', async (t) => {
  const { stripe } = await stripeSandbox(t)
  const expected = [
    ['pm_card_chargeDeclined', 'card_declined', 'generic_decline', undefined],
    ['pm_card_visa_chargeDeclined', 'card_declined', 'generic_decline', undefined],
    ['pm_card_chargeDeclinedInsufficientFunds', 'card_declined', 'insufficient_funds', undefined],
    ['pm_card_visa_chargeDeclinedLostCard', 'card_declined', 'lost_card', undefined],
    ['pm_card_chargeDeclinedExpiredCard', 'expired_card', 'expired_card', 'exp_month'],
    ['pm_card_chargeDeclinedIncorrectCvc', 'incorrect_cvc', 'incorrect_cvc', 'cvc'],
    ['pm_card_chargeDeclinedProcessingError', 'processing_error', 'processing_error', undefined],
  ] as const
  for (const [card, code, declineCode, param] of expected) {
    const error = await refusal<Stripe.errors.StripeCardError>(held(stripe, 1000, card))
    assert.ok(error instanceof Stripe.errors.StripeCardError, card)
    assert.deepEqual([error.statusCode, error.code, error.decline_code, error.param], [402, code, declineCode, param], card)
    const intent = await stripe.paymentIntents.retrieve(error.payment_intent?.id ?? '')
    assert.equal(intent.status, 'requires_payment_method')
    assert.equal(intent.last_payment_error?.decline_code, declineCode)
    const charge = await stripe.charges.retrieve(intent.latest_charge as string)
    assert.deepEqual([charge.status, charge.paid, charge.failure_code], ['failed', false, code])
    const second = await stripe.paymentIntents.confirm(intent.id, { payment_method: 'pm_card_visa' })
    assert.equal(second.status, 'requires_capture')
  }
  const types = await eventTypes(stripe)
  assert.ok(types.includes('payment_intent.payment_failed'))
})

test('a customer who completes 3-D Secure goes back to the shop with the payment authorised', async (t) => {
  const { stripe } = await stripeSandbox(t)
  const intent = await stripe.paymentIntents.create({
    ...CARD_ONLY, amount: 4200, capture_method: 'manual', payment_method: 'pm_card_authenticationRequired', confirm: true,
    return_url: 'http://shop.example/checkout?cart=7',
  })
  assert.equal(intent.status, 'requires_action')
  assert.equal(intent.next_action?.type, 'redirect_to_url')
  const url = intent.next_action?.redirect_to_url?.url ?? ''
  assert.match(await (await fetch(url)).text(), /Complete authentication[^]*Fail authentication/)

  const back = await choose(url, 'complete')
  assert.equal(back.status, 303)
  const target = new URL(back.headers.get('location') ?? '')
  assert.equal(target.origin + target.pathname, 'http://shop.example/checkout')
  assert.deepEqual(Object.fromEntries(target.searchParams), {
    cart: '7', payment_intent: intent.id, payment_intent_client_secret: intent.client_secret, redirect_status: 'succeeded',
  })
  const authorised = await stripe.paymentIntents.retrieve(intent.id, { expand: ['latest_charge'] })
  assert.equal(authorised.status, 'requires_capture')
  assert.equal((authorised.latest_charge as Stripe.Charge).payment_method_details?.card?.three_d_secure?.result, 'authenticated')
  assert.equal((await choose(url, 'fail')).headers.get('location'), target.href, 'a second press changes nothing')
})

test('a failed 3-D Secure asks for another payment method', async (t) => {
  const { stripe } = await stripeSandbox(t)
  const intent = await stripe.paymentIntents.create({
    ...CARD_ONLY, amount: 4200, payment_method: 'pm_card_threeDSecure2Required', confirm: true, use_stripe_sdk: true,
  })
  const action = intent.next_action?.use_stripe_sdk as { type: string; stripe_js: string }
  assert.equal(action.type, 'three_d_secure_redirect')
  assert.equal((await choose(action.stripe_js, 'fail')).status, 200)
  const failed = await stripe.paymentIntents.retrieve(intent.id)
  assert.equal(failed.status, 'requires_payment_method')
  assert.equal(failed.last_payment_error?.code, 'payment_intent_authentication_failure')
})

test('off session, and where the caller cannot handle it, a card that wants authentication is declined', async (t) => {
  const { stripe } = await stripeSandbox(t)
  const create = (extra: Partial<Stripe.PaymentIntentCreateParams>): Promise<unknown> =>
    stripe.paymentIntents.create({ ...CARD_ONLY, amount: 900, payment_method: 'pm_card_authenticationRequired', confirm: true, ...extra })
  const offSession = await refusal<Stripe.errors.StripeCardError>(create({ off_session: true }))
  assert.deepEqual([offSession.code, offSession.decline_code], ['authentication_required', 'authentication_required'])
  const unhandled = await refusal<Stripe.errors.StripeCardError>(create({ error_on_requires_action: true }))
  assert.deepEqual([unhandled.code, unhandled.decline_code], ['authentication_required', 'authentication_not_handled'])
})

test('a browser confirms with the publishable key and the client secret, and sees no more than it may', async (t) => {
  const { stripe, url } = await stripeSandbox(t)
  const intent = await stripe.paymentIntents.create({ ...CARD_ONLY, amount: 1500, capture_method: 'manual', metadata: { order: 'o9' } })
  const call = async (path: string, form: Record<string, string>): Promise<{ status: number; json: any }> => {
    const response = await fetch(`${url}/v1/${path}`, { method: 'POST', body: new URLSearchParams({ key: 'pk_test_web', ...form }) })
    assert.equal(response.headers.get('access-control-allow-origin'), '*')
    return { status: response.status, json: await response.json() }
  }
  const confirmPath = `payment_intents/${intent.id}/confirm`
  const wrong = await call(confirmPath, { client_secret: 'pi_x_secret_y', payment_method: 'pm_card_visa' })
  assert.deepEqual([wrong.status, wrong.json.error.param], [400, 'client_secret'])
  const right = await call(confirmPath, { client_secret: intent.client_secret ?? '', payment_method: 'pm_card_visa' })
  assert.deepEqual([right.status, right.json.status, 'metadata' in right.json], [200, 'requires_capture', false])
  const forbidden = await call(`payment_intents/${intent.id}/capture`, {})
  assert.deepEqual([forbidden.status, forbidden.json.error.code], [403, 'secret_key_required'])
})

test('the same idempotency key and parameters are answered the same once more', async (t) => {
  const { stripe } = await stripeSandbox(t)
  const create = (amount: number): Promise<Stripe.Response<Stripe.PaymentIntent>> =>
    stripe.paymentIntents.create({ ...CARD_ONLY, amount, payment_method: 'pm_card_visa', confirm: true }, { idempotencyKey: 'order-1:authorise:1' })
  const first = await create(1000)
  const second = await create(1000)
  assert.equal(second.id, first.id)
  assert.equal(second.lastResponse.headers['idempotent-replayed'], 'true')
  assert.equal(second.lastResponse.headers['original-request'], first.lastResponse.requestId)
  assert.equal((await stripe.paymentIntents.list()).data.length, 1)

  const mismatch = await refusal(create(1001))
  assert.ok(mismatch instanceof Stripe.errors.StripeIdempotencyError)
  assert.deepEqual([mismatch.statusCode, mismatch.rawType, mismatch.code], [400, 'idempotency_error', undefined])
})

test('a decline is replayed too, but a request refused for its parameters may be corrected under the same key', async (t) => {
  const { stripe } = await stripeSandbox(t)
  const options = { idempotencyKey: 'declined' }
  const params = { ...CARD_ONLY, amount: 700, payment_method: 'pm_card_chargeDeclined', confirm: true }
  const first = await refusal(stripe.paymentIntents.create(params, options))
  const second = await refusal(stripe.paymentIntents.create(params, options))
  assert.equal(second.headers?.['idempotent-replayed'], 'true')
  assert.equal(second.payment_intent?.id, first.payment_intent?.id)

  const bad = await refusal(stripe.paymentIntents.create({ ...CARD_ONLY, amount: 1.5 }, { idempotencyKey: 'corrected' }))
  assert.deepEqual([bad.code, bad.param], ['parameter_invalid_integer', 'amount'])
  await stripe.paymentIntents.create({ ...CARD_ONLY, amount: 150 }, { idempotencyKey: 'corrected' })
})

test('a key is in use while its first call is under way', async (t) => {
  const { url } = await stripeSandbox(t)
  const stripe = stripeClient(url, { maxNetworkRetries: 0 })
  await post(`${url}/control/faults`, { kind: 'delay', delayMs: 300, match: { path: '/v1/payment_intents' } })
  const create = (): Promise<unknown> => stripe.paymentIntents.create({ ...CARD_ONLY, amount: 800 }, { idempotencyKey: 'twice' })
  const [first, second] = await Promise.allSettled([create(), create()])
  const failed = [first, second].filter((result) => result.status === 'rejected')
  assert.equal(failed.length, 1)
  const { statusCode, code } = failed[0]?.reason as Stripe.errors.StripeError
  assert.deepEqual([statusCode, code], [409, 'idempotency_key_in_use'])
  assert.equal((await stripe.paymentIntents.list()).data.length, 1)
})

test('refunds never exceed what was captured', async (t) => {
  const { stripe } = await stripeSandbox(t)
  const intent = await held(stripe, 3000)
  const uncaptured = await refusal(stripe.refunds.create({ payment_intent: intent.id }))
  assert.match(uncaptured.message, /does not have a successful charge to refund/)
  await stripe.paymentIntents.capture(intent.id, { amount_to_capture: 2500 })

  const first = await stripe.refunds.create({ payment_intent: intent.id, amount: 1000, reason: 'requested_by_customer' })
  assert.deepEqual([first.status, first.amount], ['succeeded', 1000])
  const tooMuch = await refusal(stripe.refunds.create({ payment_intent: intent.id, amount: 1501 }))
  assert.deepEqual([tooMuch.statusCode, tooMuch.param, tooMuch.code], [400, 'amount', undefined])
  assert.match(tooMuch.message, /\$15\.01.*\$15\.00/)
  const rest = await stripe.refunds.create({ charge: first.charge as string })
  assert.equal(rest.amount, 1500)
  assert.equal((await refusal(stripe.refunds.create({ payment_intent: intent.id }))).code, 'charge_already_refunded')

  const charge = await stripe.charges.retrieve(first.charge as string, { expand: ['refunds'] })
  assert.equal(charge.refunded, true)
  const refunds = (await stripe.refunds.list({ payment_intent: intent.id })).data
  const given = refunds.filter((refund) => refund.destination_details?.card?.type === 'refund')
  assert.equal(given.reduce((sum, refund) => sum + refund.amount, 0), charge.amount_captured)
})

test('a refund the bank sends back is owed again', async (t) => {
  const { stripe, url } = await stripeSandbox(t)
  const intent = await paid(stripe, 2000, 'pm_card_pendingRefund')
  const refund = await stripe.refunds.create({ payment_intent: intent.id, amount: 500 })
  assert.equal(refund.status, 'pending')
  await post(`${url}/control/refunds/${refund.id}/settle`, { status: 'failed' })
  assert.equal((await stripe.refunds.retrieve(refund.id)).status, 'failed')
  assert.equal((await stripe.charges.retrieve(refund.charge as string)).amount_refunded, 0)
  assert.ok((await eventTypes(stripe)).includes('refund.failed'))
})

test('a cardholder disputes a payment and the dispute is closed', async (t) => {
  const { stripe, url } = await stripeSandbox(t)
  const intent = await paid(stripe, 2000)
  const opened = await post(`${url}/control/disputes`, { charge: intent.id, reason: 'product_not_received' })
  const dispute = await stripe.disputes.retrieve(opened.json.id)
  assert.deepEqual([dispute.status, dispute.amount, dispute.payment_intent], ['needs_response', 2000, intent.id])
  assert.equal((await stripe.charges.retrieve(intent.latest_charge as string)).disputed, true)
  await post(`${url}/control/disputes/${dispute.id}/close`, { status: 'lost' })
  assert.equal((await stripe.disputes.retrieve(dispute.id)).status, 'lost')
  const automatic = await paid(stripe, 2100, 'pm_card_createDispute')
  assert.equal((await stripe.disputes.list({ payment_intent: automatic.id })).data[0]?.reason, 'fraudulent')
})

test('a card is saved once with a SetupIntent and then pays without the customer', async (t) => {
  const { stripe } = await stripeSandbox(t)
  const customer = await stripe.customers.create({ name: 'Avery' })
  const setup = await stripe.setupIntents.create({
    customer: customer.id, payment_method: 'pm_card_authenticationRequiredOnSetup', confirm: true, return_url: 'http://shop.example/cards',
  })
  assert.equal(setup.status, 'requires_action')
  await choose(setup.next_action?.redirect_to_url?.url ?? '', 'complete')
  const done = await stripe.setupIntents.retrieve(setup.id)
  assert.equal(done.status, 'succeeded')

  const cards = await stripe.paymentMethods.list({ customer: customer.id, type: 'card' })
  assert.deepEqual(cards.data.map((card) => card.id), [done.payment_method])
  const intent = await stripe.paymentIntents.create({
    ...CARD_ONLY, amount: 1200, customer: customer.id, payment_method: done.payment_method as string, off_session: true, confirm: true,
  })
  assert.equal(intent.status, 'succeeded')
  const stranger = await refusal(stripe.paymentIntents.create({ ...CARD_ONLY, amount: 1200, payment_method: done.payment_method as string }))
  assert.equal(stranger.param, 'payment_method')
})

test('cards are attached and listed; a declined card cannot be saved', async (t) => {
  const { stripe } = await stripeSandbox(t)
  const customer = await stripe.customers.create()
  const card = await stripe.paymentMethods.attach('pm_card_visa', { customer: customer.id })
  assert.match(card.id, /^pm_(?!card)/)
  assert.equal(card.customer, customer.id)
  assert.equal((await stripe.customers.listPaymentMethods(customer.id)).data.length, 1)
  assert.equal((await refusal(stripe.paymentMethods.attach('pm_card_chargeDeclined', { customer: customer.id }))).code, 'card_declined')
  await stripe.paymentMethods.attach('pm_card_chargeCustomerFail', { customer: customer.id })
})

test('a payment can stay in processing until the bank decides', async (t) => {
  const { stripe, url } = await stripeSandbox(t)
  await post(`${url}/control/slow-payments`, { times: 1 })
  const intent = await paid(stripe, 5000)
  assert.equal(intent.status, 'processing')
  await post(`${url}/control/payment_intents/${intent.id}/settle`, { status: 'succeeded' })
  assert.equal((await stripe.paymentIntents.retrieve(intent.id)).status, 'succeeded')
  assert.equal((await paid(stripe, 5000)).status, 'succeeded')
})

test('keys, unknown ids, unknown parameters and unknown addresses are refused as Stripe refuses them', async (t) => {
  const { stripe, url } = await stripeSandbox(t)
  const { hostname, port } = new URL(url)
  const live = new Stripe('sk_live_never', { host: hostname, port, protocol: 'http' })
  assert.equal((await refusal(live.customers.create())).statusCode, 401)
  const missing = await refusal(stripe.paymentIntents.retrieve('pi_none'))
  assert.deepEqual([missing.statusCode, missing.code, missing.param], [404, 'resource_missing', 'intent'])
  const reference = await refusal(stripe.paymentIntents.create({ ...CARD_ONLY, amount: 100, customer: 'cus_none' }))
  assert.deepEqual([reference.statusCode, reference.code, reference.param], [400, 'resource_missing', 'customer'])
  const unknown = await refusal(stripe.paymentIntents.create({ ...CARD_ONLY, amount: 100, capture_methd: 'manual' } as never))
  assert.deepEqual([unknown.code, unknown.param], ['parameter_unknown', 'capture_methd'])
  const little = await refusal(stripe.paymentIntents.create({ ...CARD_ONLY, amount: 49 }))
  assert.equal(little.code, 'amount_too_small')
  const page = await refusal(stripe.paymentIntents.create({ currency: 'usd', amount: 100, payment_method: 'pm_card_visa', confirm: true }))
  assert.match(page.message, /return_url/)
  assert.equal((await refusal(stripe.products.list())).statusCode, 404)
  const old = { amount: 100, currency: 'usd', payment_method_types: ['card'] } as Stripe.PaymentIntentCreateParams
  assert.equal((await refusal(stripe.paymentIntents.create(old))).code, 'payment_method_types_no_longer_supported')
  await stripe.paymentIntents.create(old, { apiVersion: '2026-08-26.dahlia' })
})

test('a card number is never taken', async (t) => {
  const { stripe } = await stripeSandbox(t)
  const number = '4242'.repeat(4)
  const error = await refusal(stripe.paymentMethods.create({ type: 'card', card: { number, exp_month: 12, exp_year: 2040, cvc: '123' } }))
  assert.match(error.message, /generally unsafe/)
})

test('lists run newest first, page by cursor and filter by customer', async (t) => {
  const { stripe } = await stripeSandbox(t)
  const customer = await stripe.customers.create()
  const ids: string[] = []
  for (const amount of [100, 200, 300, 400, 500]) {
    ids.unshift((await stripe.paymentIntents.create({ ...CARD_ONLY, amount, ...(amount > 100 && { customer: customer.id }) })).id)
  }
  const collected: string[] = []
  for await (const intent of stripe.paymentIntents.list({ limit: 2 })) collected.push(intent.id)
  assert.deepEqual(collected, ids)
  const filtered = await stripe.paymentIntents.list({ customer: customer.id, limit: 3 })
  assert.deepEqual([filtered.data.map((intent) => intent.amount), filtered.has_more], [[500, 400, 300], true])
  const expanded = await stripe.paymentIntents.list({ limit: 1, expand: ['data.customer'] })
  assert.equal((expanded.data[0]?.customer as Stripe.Customer).object, 'customer')
})
