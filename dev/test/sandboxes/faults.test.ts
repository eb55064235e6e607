import assert from 'node:assert/strict'
import { test } from 'node:test'
import Stripe from 'stripe'
import { startMailSandbox } from '../../src/sandboxes/mail/server.ts'
import { post, stripeClient, stripeSandbox, temporaryFolder } from './support.ts'

const PARAMS: Stripe.PaymentIntentCreateParams = { amount: 1000, currency: 'usd' }

test('an error is answered and nothing is done, as often as asked', async (t) => {
  const { url } = await stripeSandbox(t)
  const stripe = stripeClient(url, { maxNetworkRetries: 0 })
  await post(`${url}/control/faults`, { kind: 'error', status: 503, times: 2, match: { method: 'post', path: '^/v1/payment_intents$' } })
  for (let attempt = 0; attempt < 2; attempt += 1) {
    await assert.rejects(stripe.paymentIntents.create(PARAMS), (error: Stripe.errors.StripeError) => {
      assert.deepEqual([error.statusCode, error.rawType], [503, 'api_error'])
      return true
    })
  }
  assert.equal((await stripe.paymentIntents.list()).data.length, 0)
  await stripe.paymentIntents.create(PARAMS)
})

test('a connection cut after the work is done is repaired by the idempotency key', async (t) => {
  const { url } = await stripeSandbox(t)
  await post(`${url}/control/faults`, { kind: 'drop-after-commit', match: { path: '/v1/payment_intents' } })
  const response = fetch(`${url}/v1/payment_intents`, {
    method: 'POST',
    headers: { authorization: 'Bearer sk_test_x', 'idempotency-key': 'once' },
    body: new URLSearchParams({ amount: '1000', currency: 'usd' }),
  })
  await assert.rejects(response, TypeError, 'the caller learns nothing')
  const stripe = stripeClient(url)
  const [done] = (await stripe.paymentIntents.list()).data
  const retried = await stripe.paymentIntents.create(PARAMS, { idempotencyKey: 'once' })
  assert.equal(retried.id, done?.id)
  assert.equal((await stripe.paymentIntents.list()).data.length, 1)

  await post(`${url}/control/faults`, { kind: 'drop-after-commit', match: { path: '/v1/payment_intents' } })
  const repaired = await stripe.paymentIntents.create({ ...PARAMS, amount: 1100 })
  assert.equal(repaired.lastResponse.headers['idempotent-replayed'], 'true', 'the client library repairs it by itself')
})

test('a call that is never answered runs into the time-out of the client, and nothing is done', async (t) => {
  const { url } = await stripeSandbox(t)
  const stripe = stripeClient(url, { maxNetworkRetries: 0, timeout: 150 })
  await post(`${url}/control/faults`, { kind: 'timeout', match: { path: '/v1/payment_intents' } })
  await assert.rejects(stripe.paymentIntents.create(PARAMS), Stripe.errors.StripeConnectionError)
  assert.equal((await stripe.paymentIntents.list()).data.length, 0)
})

test('a delayed call is done and answered later', async (t) => {
  const { url, stripe } = await stripeSandbox(t)
  await post(`${url}/control/faults`, { kind: 'delay', delayMs: 200, match: { path: '/v1/payment_intents' } })
  const before = Date.now()
  await stripe.paymentIntents.create(PARAMS)
  assert.ok(Date.now() - before >= 200)
})

test('faults are listed and cleared, and never befall the control API or the health check', async (t) => {
  const sandbox = await startMailSandbox({ dataDir: temporaryFolder(t) })
  t.after(() => sandbox.close())
  const added = await post(`${sandbox.url}/control/faults`, { kind: 'error', times: 5 })
  assert.equal(added.status, 201)
  assert.equal((await fetch(`${sandbox.url}/health`)).status, 200)
  assert.equal((await fetch(`${sandbox.url}/messages.json`)).status, 500)
  const { faults } = (await (await fetch(`${sandbox.url}/control/faults`)).json()) as { faults: { kind: string; times: number }[] }
  assert.deepEqual(faults.map(({ kind, times }) => [kind, times]), [['error', 4]])
  assert.equal((await fetch(`${sandbox.url}/control/faults`, { method: 'DELETE' })).status, 204)
  assert.equal((await fetch(`${sandbox.url}/messages.json`)).status, 200)
})

test('a fault that makes no sense is refused with the field named', async (t) => {
  const sandbox = await startMailSandbox({ dataDir: temporaryFolder(t) })
  t.after(() => sandbox.close())
  const kind = await post(`${sandbox.url}/control/faults`, { kind: 'explode' })
  assert.deepEqual([kind.status, kind.json.error.field], [400, 'kind'])
  const path = await post(`${sandbox.url}/control/faults`, { kind: 'error', match: { path: '(' } })
  assert.deepEqual([path.status, path.json.error.field], [400, 'match.path'])
})
