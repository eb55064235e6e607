import assert from 'node:assert/strict'
import { test } from 'node:test'
import { post, readSample, stripeSandbox, without } from './support.ts'

/** Stripe's own samples, one of each resource. They are not part of the project. */
const SAMPLES = 'stripe/fixtures3.json'

type Json = { [key: string]: unknown }
const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

/** Fields the samples fill with a placeholder that stands for many shapes, or whose keys are the caller's. */
const OPEN = ['metadata', 'shipping', 'discount', 'last_payment_error', 'last_setup_error', 'next_action', 'processing', 'source', 'transfer_data', 'object']

/** Paths of the sample that ours lacks. */
function lacking(sample: Json, ours: Json, path = ''): string[] {
  return Object.entries(sample).flatMap(([key, value]) => {
    const here = `${path}${key}`
    if (!(key in ours)) return [here]
    return !OPEN.includes(key) && isObject(value) && isObject(ours[key]) ? lacking(value, ours[key], `${here}.`) : []
  })
}

test(`every resource has the keys of Stripe's own sample of it (${SAMPLES})`, { skip: without(SAMPLES) }, async (t) => {
  const { resources } = JSON.parse(readSample(SAMPLES)) as { resources: Record<string, Json> }
  const { stripe, url } = await stripeSandbox(t)
  const customer = await stripe.customers.create()
  const method = await stripe.paymentMethods.attach('pm_card_visa', { customer: customer.id })
  const setup = await stripe.setupIntents.create({ customer: customer.id })
  const intent = await stripe.paymentIntents.create({
    amount: 2000, currency: 'usd', customer: customer.id, payment_method: method.id, confirm: true, return_url: 'http://shop.example/',
  })
  const charge = await stripe.charges.retrieve(intent.latest_charge as string)
  const refund = await stripe.refunds.create({ payment_intent: intent.id, amount: 100 })
  const { json: dispute } = await post(`${url}/control/disputes`, { charge: charge.id })
  const [event] = (await stripe.events.list()).data

  const ours = { customer, payment_method: method, setup_intent: setup, payment_intent: intent, charge, refund, dispute, event }
  for (const [name, object] of Object.entries(ours)) {
    assert.deepEqual(lacking(resources[name] ?? {}, object as unknown as Json), [], `${name} lacks keys of Stripe's sample`)
  }
})
