import { after, test } from 'node:test'
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { newId } from '@pharmagraph/platform'
import { startStripeSandbox } from '../../../dev/src/sandboxes/stripe/server.ts'
import { actorWith, eventually, testSubgraph } from '../../../tests/environment.ts'
import type { PaymentPort } from '../src/payments/port.ts'
import { stripePayments } from '../src/payments/stripe.ts'
import { cancelOrder, neighbours, orderIn, orderOf, ordersWith, payOrder, placeOrder, refundOrder, support, vault } from './pharmacy.ts'

const webhookSecret = 'whsec_test'
let payments: PaymentPort
const subgraph = await testSubgraph({ ...ordersWith(undefined!), services: () => ({ get payments() { return payments }, vault }) }, { background: true })
const dataDir = await mkdtemp(join(tmpdir(), 'orders-stripe-'))
const sandbox = await startStripeSandbox({ dataDir, webhookSecret, publicUrl: new URL(subgraph.url).origin, backoff: { firstMs: 50, maxMs: 500 } })
payments = stripePayments({ apiKey: 'sk_test_local', webhookSecret, apiBase: sandbox.url, returnUrl: 'http://127.0.0.1/paid' })
after(async () => {
  await sandbox.close()
  await rm(dataDir, { recursive: true, force: true })
})
const others = neighbours(subgraph)

const control = async (path: string, body?: object): Promise<void> => {
  const response = await fetch(`${sandbox.url}/control/${path}`, { method: 'POST', ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }) })
  assert.ok(response.ok, `${path}: ${response.status} ${await response.text()}`)
}
type Listed = { data: { id: string; status: string; capture_method: string; amount_capturable: number; metadata: { orderId?: string } }[] }
const stripe = async (path: string) => (await fetch(`${sandbox.url}/v1/${path}`, { headers: { authorization: 'Bearer sk_test_local' } })).json() as Promise<Listed>
const intentsOf = async (orderId: string) => (await stripe('payment_intents?limit=100')).data.filter(({ metadata }) => metadata.orderId === orderId)
const webhooksOf = (orderId: string) =>
  subgraph.sql<{ type: string; state: string }>(`select type, state from stripe_event where news->>'orderId' = $1 order by received_at`, [orderId])

const paymentIn = (orderId: string, status: string) =>
  eventually(async () => {
    const order = await orderOf(subgraph, support, orderId)
    return order.paymentStatus === status && order
  }, { what: `payment ${status}` })

test('a good card is held at stock, taken at release, and given back in parts and whole', async () => {
  const { order } = await placeOrder(subgraph, { paymentMethodId: 'pm_card_visa' })
  const [line] = order.lines
  await others.acceptFill(order, line)
  await others.holdStock(order)
  const held = await orderIn(subgraph, order.id, 'AWAITING_PHARMACIST')
  assert.equal(held.payment.status, 'AUTHORIZED')
  assert.ok(Date.parse(held.payment.captureBefore) > Date.now() + 6 * 86_400_000)
  const intent = (await intentsOf(order.id))[0]!
  assert.equal(intent.capture_method, 'manual')
  assert.equal(intent.amount_capturable, order.totalAmount.amountMinor)

  await others.releaseFill(order, line)
  await orderIn(subgraph, order.id, 'PAYMENT_CAPTURED')
  await others.moveShipment(order, 'DELIVERED')
  await orderIn(subgraph, order.id, 'DELIVERED')

  const part = { orderId: order.id, amountMinor: 100, reason: 'late', idempotencyKey: newId() }
  await refundOrder(subgraph, support, part)
  await refundOrder(subgraph, support, part)
  const partly = await paymentIn(order.id, 'PARTIALLY_REFUNDED')
  assert.equal(partly.payment.refundedAmount.amountMinor, 100)
  assert.equal(partly.status, 'DELIVERED')
  await refundOrder(subgraph, support, { ...part, amountMinor: order.totalAmount.amountMinor - 100, idempotencyKey: newId() })
  await orderIn(subgraph, order.id, 'REFUNDED')
  assert.equal((await stripe(`refunds?payment_intent=${intent.id}`)).data.length, 2)
  await eventually(async () => (await webhooksOf(order.id)).filter(({ state }) => state === 'APPLIED').length >= 5, { what: 'the webhooks' })
})

test('a declined card leaves the stock held, says why, and another card is taken', async () => {
  const { order, patient } = await placeOrder(subgraph, { otc: true, paymentMethodId: 'pm_card_chargeDeclinedInsufficientFunds' })
  await others.holdStock(order)
  await paymentIn(order.id, 'REQUIRES_METHOD')
  const declined = await orderOf(subgraph, patient, order.id)
  assert.equal(declined.status, 'STOCK_HELD')
  assert.equal(declined.statusReason.code, 'PAYMENT_DECLINED')
  assert.deepEqual(declined.payment.failure, { code: 'INSUFFICIENT_FUNDS', message: 'Your card has insufficient funds.' })
  assert.match(declined.payment.clientSecret, /^pi_.*_secret_/)
  for (const other of [support, actorWith('caregiver', { patientId: order.patient.id })]) assert.equal((await orderOf(subgraph, other, order.id)).payment.clientSecret, null)
  const [row] = await subgraph.sql<{ sealed: string }>('select client_secret_sealed as sealed from payment where order_id = $1', [order.id])
  assert.ok(row && !row.sealed.includes('_secret_'))
  await payOrder(subgraph, patient, { orderId: order.id, paymentMethodId: 'pm_card_visa' })
  const paid = await orderIn(subgraph, order.id, 'PAYMENT_CAPTURED')
  assert.equal(paid.payment.failure, null)
  assert.equal((await intentsOf(order.id)).length, 1)
})

test('a card that wants 3-D Secure sends the patient to the bank, and goes on when they come back', async () => {
  const { order, patient } = await placeOrder(subgraph, { otc: true, paymentMethodId: 'pm_card_authenticationRequired' })
  await others.holdStock(order)
  await paymentIn(order.id, 'REQUIRES_ACTION')
  const asked = await orderOf(subgraph, patient, order.id)
  assert.equal(asked.statusReason.code, 'PAYMENT_CONFIRMATION')
  assert.equal((await orderOf(subgraph, support, order.id)).payment.nextActionUrl, null)
  const answer = await fetch(asked.payment.nextActionUrl, { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'outcome=complete', redirect: 'manual' })
  assert.equal(answer.status, 303)
  await orderIn(subgraph, order.id, 'PAYMENT_CAPTURED')
})

test('an order cancelled before its capture lets the hold go', async () => {
  const { order, patient } = await placeOrder(subgraph)
  await others.acceptFill(order, order.lines[0])
  await others.holdStock(order)
  await orderIn(subgraph, order.id, 'AWAITING_PHARMACIST')
  const { order: cancelled } = await cancelOrder(subgraph, patient, { orderId: order.id })
  assert.equal(cancelled.status, 'CANCELLED')
  await paymentIn(order.id, 'VOIDED')
  assert.equal((await intentsOf(order.id))[0]?.status, 'canceled')
})

test('a payment method Stripe does not know is refused with its name, and another may be given', async () => {
  const { order, patient } = await placeOrder(subgraph, { otc: true, paymentMethodId: 'pm_nobody' })
  await others.holdStock(order)
  const failed = await paymentIn(order.id, 'FAILED')
  assert.equal(failed.payment.failure.code, 'RESOURCE_MISSING')
  await payOrder(subgraph, patient, { orderId: order.id, paymentMethodId: 'pm_card_visa' })
  await orderIn(subgraph, order.id, 'PAYMENT_CAPTURED')
})

test('without a payment method the patient confirms in the browser and the webhook tells', async () => {
  const { order, patient } = await placeOrder(subgraph, { otc: true, paymentMethodId: null })
  await others.holdStock(order)
  const open = await eventually(async () => {
    const now = await orderOf(subgraph, patient, order.id)
    return now.payment.clientSecret && now
  })
  assert.equal(open.statusReason.code, 'PAYMENT_NEEDED')
  const secret: string = open.payment.clientSecret
  const confirmed = await fetch(`${sandbox.url}/v1/payment_intents/${secret.split('_secret_')[0]}/confirm`, {
    method: 'POST', headers: { authorization: 'Bearer pk_test_local', 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ client_secret: secret, payment_method: 'pm_card_visa', return_url: 'http://127.0.0.1/paid' }).toString(),
  })
  assert.equal(confirmed.status, 200, await confirmed.text())
  await orderIn(subgraph, order.id, 'PAYMENT_CAPTURED')
})

test('an answer lost on the way, a webhook that comes twice and one that comes late change nothing', async () => {
  await control('faults', { kind: 'drop-after-commit', match: { method: 'POST', path: '/v1/payment_intents' } })
  await control('faults', { kind: 'duplicate', match: { event: 'amount_capturable_updated' } })
  await control('faults', { kind: 'reorder', match: { event: 'payment_intent.created' }, delayMs: 300 })
  const { order } = await placeOrder(subgraph, { otc: true })
  await others.holdStock(order)
  await orderIn(subgraph, order.id, 'PAYMENT_CAPTURED')
  assert.equal((await intentsOf(order.id)).length, 1)
})

test('what Stripe answers to a refused call is not logged: the error that leaves names the request only', async () => {
  await control('faults', { kind: 'error', status: 500, match: { method: 'GET', path: '/v1/payment_intents/' }, times: 3 })
  const error = await payments.find('pi_any').then(() => assert.fail(), (thrown: Error) => thrown)
  assert.match(error.message, /^Stripe: /)
  assert.deepEqual(Object.keys(error).filter((key) => ['raw', 'headers', 'payment_intent'].includes(key)), [])
})

test('a hold the bank lets go ends the order before anything is captured', async () => {
  const { order } = await placeOrder(subgraph)
  await others.acceptFill(order, order.lines[0])
  await others.holdStock(order)
  await orderIn(subgraph, order.id, 'AWAITING_PHARMACIST')
  const intent = (await intentsOf(order.id))[0]!
  await control(`payment_intents/${intent.id}/expire`)
  const expired = await orderIn(subgraph, order.id, 'EXPIRED')
  assert.equal(expired.paymentStatus, 'AUTH_EXPIRED')
  assert.equal(expired.statusReason.code, 'AUTHORIZATION_LOST')
})
