import assert from 'node:assert/strict'
import { test } from 'node:test'
import Stripe from 'stripe'
import { startStripeSandbox } from '../../src/sandboxes/stripe/server.ts'
import { eventually, FAST, post, receiver, stripeClient, stripeSandbox, temporaryFolder, WEBHOOK_SECRET, type Received } from './support.ts'

const HOLD: Stripe.PaymentIntentCreateParams = {
  amount: 1000, currency: 'usd', allowed_payment_method_types: ['card'], capture_method: 'manual', payment_method: 'pm_card_visa', confirm: true,
}

const eventOf = ({ body }: Received): Stripe.Event => JSON.parse(body) as Stripe.Event
const types = (received: Received[]): string[] => received.map((call) => eventOf(call).type)

test('every step is told to the pharmacy, signed so that the real library accepts it', async (t) => {
  const pharmacy = await receiver(t)
  const { stripe } = await stripeSandbox(t, { publicUrl: pharmacy.url })
  const intent = await stripe.paymentIntents.create(HOLD, { idempotencyKey: 'order-1' })
  await stripe.paymentIntents.capture(intent.id, { amount_to_capture: 600 })
  await stripe.refunds.create({ payment_intent: intent.id, amount: 100 })
  await eventually('six webhooks', () => pharmacy.received.length === 6)

  assert.deepEqual(types(pharmacy.received).sort(), [
    'charge.captured', 'charge.refunded', 'payment_intent.amount_capturable_updated', 'payment_intent.created', 'payment_intent.succeeded', 'refund.created',
  ])
  for (const call of pharmacy.received) {
    assert.equal(call.path, '/webhooks/stripe')
    const event = stripe.webhooks.constructEvent(call.body, call.headers['stripe-signature'] ?? '', WEBHOOK_SECRET)
    assert.equal(event.object, 'event')
    assert.throws(() => stripe.webhooks.constructEvent(`${call.body} `, call.headers['stripe-signature'] ?? '', WEBHOOK_SECRET), Stripe.errors.StripeSignatureVerificationError)
    assert.throws(() => stripe.webhooks.constructEvent(call.body, call.headers['stripe-signature'] ?? '', 'whsec_other'), Stripe.errors.StripeSignatureVerificationError)
  }
  const created = pharmacy.received.map(eventOf).find((event) => event.type === 'payment_intent.created')
  assert.equal(created?.request?.idempotency_key, 'order-1')
  const stored = await eventually('nothing pending', async () => {
    const event = await stripe.events.retrieve(created?.id ?? '')
    return event.pending_webhooks === 0 && event
  })
  assert.deepEqual(stored.data, created?.data)
})

test('a webhook is sent again with a new signature until it is answered with 2xx', async (t) => {
  const pharmacy = await receiver(t)
  pharmacy.answer = () => (pharmacy.received.length < 3 ? 500 : 200)
  const { stripe } = await stripeSandbox(t, { publicUrl: pharmacy.url })
  await stripe.paymentIntents.create({ amount: 1000, currency: 'usd' })
  await eventually('the third attempt', () => pharmacy.received.length === 3)
  assert.equal(new Set(pharmacy.received.map((call) => eventOf(call).id)).size, 1)
})

test('the duplicate fault delivers one event twice', async (t) => {
  const pharmacy = await receiver(t)
  const { stripe, url } = await stripeSandbox(t, { publicUrl: pharmacy.url })
  await post(`${url}/control/faults`, { kind: 'duplicate', match: { event: 'amount_capturable_updated' } })
  await stripe.paymentIntents.create(HOLD)
  await eventually('three deliveries', () => pharmacy.received.length === 3)
  const twice = pharmacy.received.map(eventOf).filter((event) => event.type === 'payment_intent.amount_capturable_updated')
  assert.equal(twice.length, 2)
  assert.equal(twice[0]?.id, twice[1]?.id)
})

test('the reorder fault delivers an event after a later one', async (t) => {
  const pharmacy = await receiver(t)
  const { stripe, url } = await stripeSandbox(t, { publicUrl: pharmacy.url })
  await post(`${url}/control/faults`, { kind: 'reorder', delayMs: 60_000, match: { event: 'payment_intent.created' } })
  await stripe.paymentIntents.create(HOLD)
  await eventually('both', () => pharmacy.received.length === 2)
  assert.deepEqual(types(pharmacy.received), ['payment_intent.amount_capturable_updated', 'payment_intent.created'])
})

test('the delay fault holds a webhook back, and drop loses it', async (t) => {
  const pharmacy = await receiver(t)
  const { stripe, url } = await stripeSandbox(t, { publicUrl: pharmacy.url })
  await post(`${url}/control/faults`, { kind: 'drop', match: { event: 'payment_intent.created' } })
  await post(`${url}/control/faults`, { kind: 'delay', delayMs: 200, match: { path: '^/webhooks/stripe$' } })
  const before = Date.now()
  const intent = await stripe.paymentIntents.create(HOLD)
  await eventually('the delayed one', () => pharmacy.received.length === 1)
  assert.ok(Date.now() - before >= 200)
  assert.deepEqual(types(pharmacy.received), ['payment_intent.amount_capturable_updated'])
  const lost = (await stripe.events.list({ type: 'payment_intent.created' })).data[0]
  assert.equal((lost?.data.object as Stripe.PaymentIntent).id, intent.id, 'a lost webhook can still be looked up')
  await post(`${url}/control/events/${lost?.id}/resend`)
  await eventually('sent again', () => pharmacy.received.length === 2)
})

test('what was not delivered before a restart is delivered after it', async (t) => {
  const pharmacy = await receiver(t)
  const port = Number(new URL(pharmacy.url).port)
  await pharmacy.close()
  const options = { dataDir: temporaryFolder(t), webhookSecret: WEBHOOK_SECRET, backoff: FAST, publicUrl: pharmacy.url }
  const first = await startStripeSandbox(options)
  const intent = await stripeClient(first.url).paymentIntents.create(HOLD, { idempotencyKey: 'order-1' })
  await first.close()

  const reopened = await receiver(t, port)
  const second = await startStripeSandbox(options)
  t.after(() => second.close())
  await eventually('both webhooks', () => reopened.received.length === 2)
  assert.deepEqual(types(reopened.received).sort(), ['payment_intent.amount_capturable_updated', 'payment_intent.created'])
  const replayed = await stripeClient(second.url).paymentIntents.create(HOLD, { idempotencyKey: 'order-1' })
  assert.equal(replayed.id, intent.id, 'idempotency keys outlive the process')
})
