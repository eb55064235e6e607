import { test } from 'node:test'
import assert from 'node:assert/strict'
import { newId } from '@pharmagraph/platform'
import { eventually } from '../../../tests/environment.ts'
import { addToCart, cancelOrder, checkout, neighbours, newCustomer, newPrescription, orderIn, orderOf, payOrder, placeOrder, support, testOrders } from './pharmacy.ts'

const { subgraph, provider } = await testOrders({ background: true })
const others = neighbours(subgraph)

/** Statuses as published, in the order of the outbox. */
const statusesOf = async (orderId: string) => (await subgraph.emitted('orders.order-status-changed.v1')).filter((event) => event.orderId === orderId).map(({ to }) => to)
/** Until the event went through every consumer of ours. */
const handled = (eventId: string) => eventually(async () => (await subgraph.sql('select 1 from inbox where event_id = $1', [eventId])).length > 0, { what: 'the event handled' })
const wholeWay = ['CHECKOUT_STARTED', 'RX_CHECKED', 'STOCK_HELD', 'PAYMENT_AUTHORIZED', 'AWAITING_PHARMACIST', 'RELEASED', 'PAYMENT_CAPTURED', 'SHIPPED', 'DELIVERED']

test('an order of two prescriptions goes from checkout to the door, and each step is told once and in order', async () => {
  const customer = await newCustomer(subgraph)
  await addToCart(subgraph, customer.patient, { prescriptionId: await newPrescription(subgraph, customer.patientId) })
  const { cart } = await addToCart(subgraph, customer.patient, { prescriptionId: await newPrescription(subgraph, customer.patientId) })
  const { order } = await checkout(subgraph, customer.patient, { cartId: cart.id, addressId: customer.addressId, idempotencyKey: newId(), paymentMethodId: 'pm_card_visa' })
  assert.equal(order.status, 'CHECKOUT_STARTED')

  for (const line of order.lines) await others.acceptFill(order, line)
  await orderIn(subgraph, order.id, 'RX_CHECKED')
  const [asked] = (await subgraph.emitted('orders.stock-requested.v1')).filter(({ orderId }) => orderId === order.id)
  assert.deepEqual(asked?.lines.map(({ orderLineId }) => orderLineId), order.lines.map(({ id }: { id: string }) => id))
  await others.holdStock(order)
  const waiting = await orderIn(subgraph, order.id, 'AWAITING_PHARMACIST')
  assert.equal(waiting.paymentStatus, 'AUTHORIZED')
  assert.ok(waiting.payment.captureBefore)
  for (const line of order.lines) await others.releaseFill(order, line)
  const paid = await orderIn(subgraph, order.id, 'PAYMENT_CAPTURED')
  assert.equal(paid.payment.capturedAmount.amountMinor, order.totalAmount.amountMinor)
  await others.moveShipment(order, 'PICKED_UP')
  await others.moveShipment(order, 'OUT_FOR_DELIVERY')
  await others.moveShipment(order, 'DELIVERED')
  await orderIn(subgraph, order.id, 'DELIVERED')

  assert.deepEqual(await statusesOf(order.id), wholeWay)
  const { history } = await orderOf(subgraph, customer.patient, order.id)
  assert.deepEqual(history.map(({ to }: { to: string }) => to), wholeWay)
  assert.equal(provider.calls.filter((call) => call.startsWith(`${order.id}:capture`)).length, 1)
})

test('an over-the-counter order needs no pharmacist and captures by itself', async () => {
  const { order } = await placeOrder(subgraph, { otc: true })
  assert.equal(order.status, 'RX_CHECKED')
  await others.holdStock(order)
  await orderIn(subgraph, order.id, 'PAYMENT_CAPTURED')
  assert.deepEqual(await statusesOf(order.id), ['CHECKOUT_STARTED', 'RX_CHECKED', 'STOCK_HELD', 'PAYMENT_AUTHORIZED', 'RELEASED', 'PAYMENT_CAPTURED'])
  const ready = (await subgraph.emitted('orders.order-ready-to-fill.v1')).filter(({ orderId }) => orderId === order.id)
  assert.deepEqual(ready, [])
})

test('a payment method given before stock is held waits for it, and the last one given is used', async () => {
  const { order, patient } = await placeOrder(subgraph, { otc: true, paymentMethodId: null })
  await payOrder(subgraph, patient, { orderId: order.id, paymentMethodId: 'pm_card_visa' })
  assert.deepEqual(provider.calls.filter((call) => call.startsWith(order.id)), [])
  await others.holdStock(order)
  await orderIn(subgraph, order.id, 'PAYMENT_CAPTURED')
})

test('events that come twice, or before what they build on, lead to the same end', async () => {
  const { order } = await placeOrder(subgraph)
  const [line] = order.lines
  // the whole way told backwards: each waits for its turn
  await others.moveShipment(order, 'DELIVERED')
  await others.releaseFill(order, line)
  await others.holdStock(order)
  await others.acceptFill(order, line)
  await orderIn(subgraph, order.id, 'DELIVERED', 20_000)
  assert.deepEqual(await statusesOf(order.id), wholeWay)
  // the broker drops repeats of one id, so the same facts come again under new ones
  await others.acceptFill(order, line)
  await others.holdStock(order)
  await others.releaseFill(order, line)
  await others.moveShipment(order, 'OUT_FOR_DELIVERY')
  const last = await others.moveShipment(order, 'DELIVERED')
  await handled(last)
  assert.deepEqual(await statusesOf(order.id), wholeWay)
  assert.equal(provider.calls.filter((call) => call.startsWith(`${order.id}:capture`)).length, 1)
})

test('what is out of stock is named, and the order goes on when it comes in', async () => {
  const { order, drugId } = await placeOrder(subgraph, { otc: true, drug: { name: 'Ibuprofen 200 mg' } })
  await others.refuseStock(order, order.lines[0])
  const waiting = await orderIn(subgraph, order.id, 'BACKORDERED')
  assert.equal(waiting.statusReason.code, 'INSUFFICIENT_STOCK')
  assert.match(waiting.statusReason.message, /Ibuprofen 200 mg/)
  await subgraph.publish('inventory.stock-received.v1', drugId, { lotId: newId(), drugId, locationId: newId(), batchNumber: 'B1', expiryDate: '2099-01-01', quantity: 500 })
  await orderIn(subgraph, order.id, 'RX_CHECKED')
  const asked = (await subgraph.emitted('orders.stock-requested.v1')).filter(({ orderId }) => orderId === order.id)
  assert.equal(asked.length, 2)
  await others.holdStock(order)
  await orderIn(subgraph, order.id, 'PAYMENT_CAPTURED')
})

test('an order cancelled while the pharmacist is at work gives the authorisation back; what comes later moves nothing', async () => {
  const { order, patient } = await placeOrder(subgraph)
  await others.acceptFill(order, order.lines[0])
  await others.holdStock(order)
  await orderIn(subgraph, order.id, 'AWAITING_PHARMACIST')
  await cancelOrder(subgraph, patient, { orderId: order.id })
  await eventually(() => provider.intentOf(order.id).status === 'canceled')
  await handled(await others.releaseFill(order, order.lines[0]))
  const ended = await orderOf(subgraph, patient, order.id)
  assert.deepEqual([ended.status, ended.paymentStatus], ['CANCELLED', 'VOIDED'])
})

test('an order cancelled after the capture gives the money back and stops the parcel', async () => {
  const { order } = await placeOrder(subgraph, { otc: true })
  await others.holdStock(order)
  await orderIn(subgraph, order.id, 'PAYMENT_CAPTURED')
  const { order: cancelled } = await cancelOrder(subgraph, support, { orderId: order.id })
  assert.equal(cancelled.status, 'REFUND_PENDING')
  const refunded = await orderIn(subgraph, order.id, 'REFUNDED')
  assert.equal(refunded.payment.refundedAmount.amountMinor, order.totalAmount.amountMinor)
  const off = (await subgraph.emitted('orders.order-cancelled.v1')).filter(({ orderId }) => orderId === order.id)
  assert.equal(off.length, 1)
})

test('a failed delivery is told with its reason; a later attempt and an old message end as they should', async () => {
  const { order } = await placeOrder(subgraph, { otc: true })
  await others.holdStock(order)
  await orderIn(subgraph, order.id, 'PAYMENT_CAPTURED')
  await others.moveShipment(order, 'OUT_FOR_DELIVERY')
  await orderIn(subgraph, order.id, 'SHIPPED')
  await others.moveShipment(order, 'ATTEMPT_FAILED', 'NOBODY_HOME')
  const failed = await orderIn(subgraph, order.id, 'DELIVERY_EXCEPTION')
  assert.deepEqual(failed.statusReason, { code: 'NOBODY_HOME', message: 'Nobody was at home. We will try again.' })
  await others.moveShipment(order, 'OUT_FOR_DELIVERY')
  await orderIn(subgraph, order.id, 'SHIPPED')
  await others.moveShipment(order, 'DELIVERED')
  await orderIn(subgraph, order.id, 'DELIVERED')
})

test('facts of others are kept by their newest version, in whatever order they come', async () => {
  const [drugId, patientId] = [newId(), newId()]
  const drug = { drugId, ndc: '0591-0369-01', ndc11: '00591036901', name: 'A', genericName: 'a', ingredients: [], dosageForm: 'TABLET', deaSchedule: 'NONE' as const, rxOnly: true, packageSize: 30, dispensingUnit: 'TABLET', pharmacologicClass: null, therapeuticEquivalence: null, storageClass: 'CRT' as const, currency: 'USD' }
  const consent = { patientId, purpose: 'DISPENSING' as const, policyVersion: '1' }
  await subgraph.publish('catalog.drug-published.v1', drugId, { ...drug, version: 3, priceMinor: 300 })
  await subgraph.publish('patients.consent-changed.v1', patientId, { ...consent, version: 2, granted: false })
  const last = [
    await subgraph.publish('catalog.drug-published.v1', drugId, { ...drug, version: 2, priceMinor: 200 }),
    await subgraph.publish('patients.consent-changed.v1', patientId, { ...consent, version: 1, granted: true }),
    await subgraph.publish('logistics.address-added.v1', patientId, { addressId: newId(), patientId, state: 'CA', deliverability: 'UNCERTAIN' }),
    await subgraph.publish('prescriptions.prescription-status-changed.v1', drugId, { prescriptionId: drugId, patientId, drugId, from: 'CLINICAL_REVIEW', to: 'VERIFIED', reasonCode: null, quantity: 30.5, daysSupply: 30, refillsRemaining: 2, expiryDate: '2027-02-28' }),
  ]
  for (const id of last) await handled(id)
  assert.deepEqual(await subgraph.sql('select fact_version, price_minor from drug_fact where id = $1', [drugId]), [{ fact_version: 3, price_minor: 300 }])
  assert.deepEqual(await subgraph.sql('select fact_version, granted from consent_fact where patient_id = $1', [patientId]), [{ fact_version: 2, granted: false }])
  assert.deepEqual(await subgraph.sql('select state from address_fact where patient_id = $1', [patientId]), [{ state: 'CA' }])
  assert.deepEqual(await subgraph.sql(`select status, quantity, expiry_date::text as expiry from prescription_fact where id = $1`, [drugId]), [{ status: 'VERIFIED', quantity: '30.500', expiry: '2027-02-28' }])
})

test('the webhook wants the signature of the raw body, and answers repeats alike', async () => {
  const { order } = await placeOrder(subgraph, { otc: true, paymentMethodId: null })
  await others.holdStock(order)
  await eventually(() => provider.events.some(({ news }) => news?.orderId === order.id))
  const event = { ...provider.events.find(({ news }) => news?.orderId === order.id)!, id: 'evt_once' }
  const post = (signature: string) => fetch(new URL('/webhooks/stripe', subgraph.url), { method: 'POST', headers: { 'content-type': 'application/json', 'stripe-signature': signature }, body: JSON.stringify(event) })
  assert.equal((await post('bad')).status, 401)
  assert.deepEqual([(await post('good')).status, (await post('good')).status], [200, 200])
  assert.equal((await subgraph.sql(`select 1 from stripe_event where id = 'evt_once'`)).length, 1)
})
