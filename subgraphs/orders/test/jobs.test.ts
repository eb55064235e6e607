import { afterEach, test } from 'node:test'
import assert from 'node:assert/strict'
import { clock, newId, systemActor, transact, type Job } from '@pharmagraph/platform'
import { settlePayment } from '../src/payments/settle.ts'
import { closeDelivered } from '../src/jobs/close-delivered.ts'
import { expireOrders } from '../src/jobs/expire-orders.ts'
import { findStuckOrders } from '../src/jobs/find-stuck-orders.ts'
import { reconcilePayments } from '../src/jobs/reconcile-payments.ts'
import { retryParkedWebhooks } from '../src/jobs/retry-parked-webhooks.ts'
import { holdByHand, orderOf, payOrder, placeOrder, support, testOrders, vault } from './pharmacy.ts'

const { subgraph, provider } = await testOrders()
const { sql } = subgraph
const actor = systemActor('orders')
const minutes = (n: number): number => n * 60_000
const days = (n: number): number => n * 86_400_000
const run = (job: Job): Promise<void> => transact(subgraph.running.orm, (em) => job.run(em, actor))
const settle = (orderId: string): Promise<void> => settlePayment(orderId, { services: { payments: provider, vault }, actor, transact: (work) => transact(subgraph.running.orm, work) })
const asked = async (orderId: string): Promise<number> => (await subgraph.emitted('orders.payment-requested.v1')).filter((event) => event.orderId === orderId).length
const hold = (orderId: string) => holdByHand(subgraph, orderId)

afterEach(() => clock.reset())

test('an order with stock held and no payment ends after thirty minutes, not before', async () => {
  const { order } = await placeOrder(subgraph, { otc: true, paymentMethodId: 'pm_decline' })
  await hold(order.id)
  await settle(order.id)
  clock.advance(minutes(29))
  await run(expireOrders)
  assert.equal((await orderOf(subgraph, support, order.id)).status, 'STOCK_HELD')
  clock.advance(minutes(2))
  await run(expireOrders)
  const expired = await orderOf(subgraph, support, order.id)
  assert.deepEqual([expired.status, expired.statusReason.code], ['EXPIRED', 'UNPAID'])
  assert.equal((await subgraph.emitted('orders.order-cancelled.v1')).filter(({ orderId }) => orderId === order.id).length, 1)
  await settle(order.id)
  assert.equal(provider.intentOf(order.id).status, 'canceled')
})

test('goods that do not come in two weeks, and a hold about to run out at the bank, end the order', async () => {
  const { order: waiting } = await placeOrder(subgraph, { otc: true })
  await sql(`update customer_order set status = 'BACKORDERED' where id = $1`, [waiting.id])
  const { order } = await placeOrder(subgraph)
  await hold(order.id)
  await settle(order.id)
  assert.equal((await orderOf(subgraph, support, order.id)).status, 'AWAITING_PHARMACIST')
  clock.advance(days(5.9))
  await run(expireOrders)
  assert.equal((await orderOf(subgraph, support, order.id)).status, 'AWAITING_PHARMACIST')
  clock.advance(days(0.2))
  await run(expireOrders)
  assert.equal((await orderOf(subgraph, support, order.id)).statusReason.code, 'AUTHORIZATION_LOST')
  clock.advance(days(9))
  await run(expireOrders)
  assert.equal((await orderOf(subgraph, support, waiting.id)).statusReason.code, 'OUT_OF_STOCK')
})

test('an authorisation lost after the release is asked for again, and the new one is captured', async () => {
  const { order, patient } = await placeOrder(subgraph, { otc: true })
  await hold(order.id)
  provider.failNext('after') // the intent is made and held, but we do not learn it
  await assert.rejects(settle(order.id))
  provider.lapse(order.id)
  await sql(`update fulfilment set status = 'RELEASED' where order_id = $1`, [order.id])
  await sql(`update customer_order set status = 'RELEASED', released_parts = 1 where id = $1`, [order.id])
  await settle(order.id)
  const lost = await orderOf(subgraph, patient, order.id)
  assert.deepEqual([lost.paymentStatus, lost.statusReason.code, lost.allowedActions], ['AUTH_EXPIRED', 'PAYMENT_LOST', ['pay']])
  await payOrder(subgraph, patient, { orderId: order.id, paymentMethodId: 'pm_card_visa' })
  await settle(order.id)
  assert.equal((await orderOf(subgraph, patient, order.id)).status, 'PAYMENT_CAPTURED')
})

test('a delivered order is closed after two weeks', async () => {
  const { order } = await placeOrder(subgraph, { otc: true })
  await sql(`update customer_order set status = 'DELIVERED', status_since = now() where id = $1`, [order.id])
  await run(closeDelivered)
  assert.equal((await orderOf(subgraph, support, order.id)).status, 'DELIVERED')
  clock.advance(days(15))
  await run(closeDelivered)
  assert.equal((await orderOf(subgraph, support, order.id)).status, 'CLOSED')
})

test('a payment that waits too long for an answer is asked about, once in a while, until it is settled', async () => {
  const { order } = await placeOrder(subgraph, { otc: true, paymentMethodId: 'pm_action' })
  await hold(order.id)
  await settle(order.id)
  provider.finishAction(order.id, true) // and the webhook is lost
  await run(reconcilePayments)
  const before = await asked(order.id)
  clock.advance(minutes(11))
  await run(reconcilePayments)
  await run(reconcilePayments)
  assert.equal(await asked(order.id), before + 1)
  await settle(order.id)
  assert.equal((await orderOf(subgraph, support, order.id)).status, 'PAYMENT_CAPTURED')
  clock.advance(minutes(60))
  await run(reconcilePayments)
  assert.equal(await asked(order.id), before + 1)
})

test('a capture whose answer was lost is found out', async () => {
  const { order } = await placeOrder(subgraph, { otc: true })
  await hold(order.id)
  provider.failNext('none', 'after')
  await assert.rejects(settle(order.id))
  assert.equal((await orderOf(subgraph, support, order.id)).paymentStatus, 'CAPTURING')
  assert.equal(provider.intentOf(order.id).status, 'succeeded')
  clock.advance(minutes(3))
  await run(reconcilePayments)
  await settle(order.id)
  assert.equal((await orderOf(subgraph, support, order.id)).status, 'PAYMENT_CAPTURED')
})

test('a parked webhook is tried again until its intent is known, and given up after three days', async () => {
  const { order } = await placeOrder(subgraph, { otc: true })
  const park = async (intentId: string): Promise<string> => {
    const id = `evt_${newId()}`
    const body = JSON.stringify({ id, type: 'charge.refunded', news: { id: intentId, orderId: null, attempt: 0 } })
    const response = await fetch(new URL('/webhooks/stripe', subgraph.url), { method: 'POST', headers: { 'stripe-signature': 'good', 'content-type': 'application/json' }, body })
    assert.equal(response.status, 200)
    return id
  }
  const stateOf = async (id: string) => (await sql<{ state: string }>('select state from stripe_event where id = $1', [id]))[0]?.state
  const [ours, strange] = [await park('pi_later'), await park('pi_of_somebody_else')]
  await run(retryParkedWebhooks)
  assert.deepEqual([await stateOf(ours), await stateOf(strange)], ['PARKED', 'PARKED'])
  await sql(`update payment set intent_id = 'pi_later', intent_attempt = 1 where order_id = $1`, [order.id])
  await run(retryParkedWebhooks)
  assert.deepEqual([await stateOf(ours), await stateOf(strange)], ['APPLIED', 'PARKED'])
  clock.advance(days(3.1))
  await run(retryParkedWebhooks)
  assert.equal(await stateOf(strange), 'IGNORED')
})

test('orders stuck in a step of the machine are counted where the monitoring looks', async () => {
  await sql(`update customer_order set status_since = now() + interval '1 hour'`)
  const { order } = await placeOrder(subgraph)
  const metric = async () => /orders_stuck\{status="CHECKOUT_STARTED"[^}]*\} (\d+)/.exec(await (await fetch(new URL('/metrics/saga', subgraph.url))).text())?.[1]
  await run(findStuckOrders)
  assert.equal(await metric(), '0')
  await sql(`update customer_order set status_since = now() - interval '11 minutes' where id = $1`, [order.id])
  await run(findStuckOrders)
  assert.equal(await metric(), '1')
})
