import { test } from 'node:test'
import assert from 'node:assert/strict'
import { newId } from '@pharmagraph/platform'
import { eventually } from '../../../tests/environment.ts'
import { addToCart, cancelOrder, checkout, neighbours, newCustomer, newDrug, newPrescription, orderIn, orderOf, placeOrder, support, testOrders } from './pharmacy.ts'

const { subgraph, provider } = await testOrders({ background: true })
const others = neighbours(subgraph)

/** Statuses as published, in the order of the outbox. */
const statusesOf = async (orderId: string) => (await subgraph.emitted('orders.order-status-changed.v1')).filter((event) => event.orderId === orderId).map(({ to }) => to)
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
