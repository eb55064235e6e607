import { test } from 'node:test'
import assert from 'node:assert/strict'
import { newId } from '@pharmagraph/platform'
import { actorWith, eventually } from '../../../tests/environment.ts'
import { addToCart, cancelOrder, checkout, neighbours, newCustomer, newDrug, newPrescription, orderIn, orderOf, payOrder, placeOrder, refundOrder, support } from './pharmacy.ts'
import { ordersWithStripe } from './stripe.ts'

const { subgraph, sandbox, payments } = await ordersWithStripe()
const others = neighbours(subgraph)

const control = async (path: string, body?: object): Promise<{ id: string }> => {
  const response = await fetch(`${sandbox.url}/control/${path}`, { method: 'POST', ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }) })
  const text = await response.text()
  assert.ok(response.ok, `${path}: ${response.status} ${text}`)
  return JSON.parse(text) as { id: string }
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
  // where the webhook was first, the answer that tells it is still on its way
  await eventually(async () => (held.payment.captureBefore = (await orderOf(subgraph, support, order.id)).payment.captureBefore), { what: 'the end of the authorisation' })
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

test('S43 a line whose goods are recalled after the authorisation is left out: less is captured, the rest of the hold is let go', async () => {
  const customer = await newCustomer(subgraph)
  await addToCart(subgraph, customer.patient, { prescriptionId: await newPrescription(subgraph, customer.patientId) })
  const { cart } = await addToCart(subgraph, customer.patient, { drugId: await newDrug(subgraph, { rxOnly: false, priceMinor: 1000 }), packages: 2 })
  const { order } = await checkout(subgraph, customer.patient, { cartId: cart.id, addressId: customer.addressId, idempotencyKey: newId(), paymentMethodId: 'pm_card_visa', delivery: 'TOGETHER' })
  const [prescribed, extra] = [order.lines.find((line: { prescription: unknown }) => line.prescription), order.lines.find((line: { prescription: unknown }) => !line.prescription)]
  await others.acceptFill(order, prescribed)
  await others.holdStock(order)
  await orderIn(subgraph, order.id, 'AWAITING_PHARMACIST')
  const recalled = newId()
  for (const id of [newId(), recalled]) await others.loseHold(order, extra, id)
  await eventually(async () => (await subgraph.sql('select 1 from inbox where event_id = $1', [recalled])).length, { what: 'the recall handled' })
  await others.releaseFill(order, prescribed)
  const paid = await orderIn(subgraph, order.id, 'PAYMENT_CAPTURED')
  const due = order.totalAmount.amountMinor - 2000 - order.tax.amountMinor
  assert.deepEqual([paid.amountDue.amountMinor, paid.payment.capturedAmount.amountMinor, paid.payment.refundedAmount.amountMinor], [due, due, 0])
  assert.equal(paid.lines.find(({ id }: { id: string }) => id === extra.id).statusReason.code, 'STOCK_RECALLED')
  const [intent] = await intentsOf(order.id)
  assert.deepEqual([intent!.status, intent!.amount_capturable], ['succeeded', 0])
  const [released] = (await subgraph.emitted('orders.order-released.v1')).filter(({ orderId }) => orderId === order.id)
  assert.deepEqual(released!.orderLineIds, [prescribed.id])
  const balances = await subgraph.sql('select account, sum(l.amount_minor)::int as sum from payment_ledger l join payment p on p.id = l.payment_id where p.order_id = $1 group by account order by account', [order.id])
  assert.deepEqual(balances, [{ account: 'CARD_HOLD', sum: 0 }, { account: 'HOLD_OWED', sum: 0 }, { account: 'PROVIDER_BALANCE', sum: due }, { account: 'SALES', sum: -due }])
  // what was never captured is not there to give back
  await cancelOrder(subgraph, support, { orderId: order.id })
  const back = await orderIn(subgraph, order.id, 'REFUNDED')
  assert.equal(back.payment.refundedAmount.amountMinor, due)
})

test('S18 a recall that takes a prescription, or all there is, rejects the order before anything is captured', async () => {
  for (const otc of [true, false]) {
    const { order } = await placeOrder(subgraph, { otc, paymentMethodId: otc ? null : 'pm_card_visa' })
    if (!otc) await others.acceptFill(order, order.lines[0])
    await others.holdStock(order)
    await orderIn(subgraph, order.id, otc ? 'STOCK_HELD' : 'AWAITING_PHARMACIST')
    await others.loseHold(order, order.lines[0])
    const rejected = await orderIn(subgraph, order.id, 'REJECTED')
    assert.deepEqual([rejected.statusReason.code, rejected.lines[0].statusReason.code], ['STOCK_RECALLED', 'STOCK_RECALLED'])
    await paymentIn(order.id, 'VOIDED')
  }
})

test('S43 a recall that comes just after the release gives back the price and tax of its line, once', async () => {
  const { order } = await placeOrder(subgraph, { otc: true, drug: { priceMinor: 900 } })
  await others.holdStock(order)
  await orderIn(subgraph, order.id, 'PAYMENT_CAPTURED')
  for (const _ of [1, 2]) await others.loseHold(order, order.lines[0])
  const share = order.subtotal.amountMinor + order.tax.amountMinor
  const partly = await paymentIn(order.id, 'PARTIALLY_REFUNDED')
  assert.deepEqual([partly.payment.refundedAmount.amountMinor, partly.lines[0].statusReason.code], [share, 'STOCK_RECALLED'])
  assert.deepEqual((await stripe(`refunds?payment_intent=${(await intentsOf(order.id))[0]!.id}`)).data.length, 1)
})

test('S43 refunds made in the dashboard are taken over; one of everything moves the delivered order', async () => {
  const { order } = await placeOrder(subgraph, { otc: true })
  await others.holdStock(order)
  await orderIn(subgraph, order.id, 'PAYMENT_CAPTURED')
  await others.moveShipment(order, 'DELIVERED')
  await orderIn(subgraph, order.id, 'DELIVERED')
  const intent = (await intentsOf(order.id))[0]!
  const inDashboard = async (amount: number) => {
    const answer = await fetch(`${sandbox.url}/v1/refunds`, {
      method: 'POST', headers: { authorization: 'Bearer sk_test_local', 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ payment_intent: intent.id, amount: String(amount) }).toString(),
    })
    assert.equal(answer.status, 200, await answer.text())
  }
  await inDashboard(100)
  assert.equal((await paymentIn(order.id, 'PARTIALLY_REFUNDED')).status, 'DELIVERED')
  await inDashboard(order.totalAmount.amountMinor - 100)
  const refunded = await orderIn(subgraph, order.id, 'REFUNDED')
  assert.equal(refunded.payment.refundedAmount.amountMinor, order.totalAmount.amountMinor)
})

test('S43 a chargeback lies over the payment with its own ledger rows, whichever of its webhooks comes first, and is not refunded twice', async () => {
  for (const outcome of ['won', 'lost'] as const) {
    const { order, patient } = await placeOrder(subgraph, { otc: true })
    await others.holdStock(order)
    await orderIn(subgraph, order.id, 'PAYMENT_CAPTURED')
    const intent = (await intentsOf(order.id))[0]!
    const total: number = order.totalAmount.amountMinor
    if (outcome === 'lost') await control('faults', { kind: 'reorder', match: { event: 'charge.dispute.created' }, delayMs: 300 })
    const dispute = await control('disputes', { charge: intent.id, amount: total - 100 })
    const disputes = async () => (await subgraph.data(patient, `{ order(id: "${order.id}") { payment { status disputes { status amount { amountMinor } reasonCode closedAt } } } }`)).order.payment
    if (outcome === 'won') {
      await eventually(async () => (await disputes()).disputes.length)
      const { status, disputes: [open] } = await disputes()
      assert.deepEqual([status, open], ['CAPTURED', { status: 'OPEN', amount: { amountMinor: total - 100 }, reasonCode: 'FRAUDULENT', closedAt: null }])
      const refused = await refundOrder(subgraph, support, { orderId: order.id, amountMinor: 101, reason: 'asked', idempotencyKey: newId() })
      assert.equal(refused.field, 'amountMinor')
    }
    await control(`disputes/${dispute.id}/close`, { status: outcome })
    await eventually(async () => (await disputes()).disputes[0]?.status === outcome.toUpperCase(), { what: `the dispute ${outcome}` })
    await eventually(async () => (await subgraph.sql(`select 1 from stripe_event where type like 'charge.dispute.%' and state = 'APPLIED' and news->'dispute'->>'id' = $1`, [dispute.id])).length === 2, { what: 'both webhooks' })
    const balances = await subgraph.sql<{ account: string; sum: number }>('select account, sum(l.amount_minor)::int as sum from payment_ledger l join payment p on p.id = l.payment_id where p.order_id = $1 group by account having sum(l.amount_minor) <> 0 order by account', [order.id])
    const kept = outcome === 'won' ? total : 100
    assert.deepEqual(balances, [{ account: 'PROVIDER_BALANCE', sum: kept }, { account: 'SALES', sum: -kept }])
  }
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
    // order and payment are read one after the other, and the payment may begin in between
    return now.payment.clientSecret && now.statusReason.code === 'PAYMENT_NEEDED' && now
  })
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
