/** A pharmacist puts a released fill back on the shelf: what becomes of its line, its part, its money and its order. */
import { test } from 'node:test'
import assert from 'node:assert/strict'
import { newId } from '@pharmagraph/platform'
import { eventually } from '../../../tests/environment.ts'
import { addToCart, checkout, neighbours, newCustomer, newDrug, newPrescription, orderIn, orderOf, support, testOrders } from './pharmacy.ts'

const { subgraph, provider } = await testOrders({ background: true })
const others = neighbours(subgraph)
type Line = { id: string; status: string; drug: { id: string }; prescription: { id: string } | null; quantity: number; amountDue: { amountMinor: number } }

/** An order of so many prescription lines, and an over-the-counter one where asked for, with its stock held. */
async function held({ prescriptions = 1, otc = false, delivery = 'TOGETHER', paymentMethodId = 'pm_card_visa' } = {}) {
  const customer = await newCustomer(subgraph)
  let cart: { id: string } | undefined
  for (let i = 0; i < prescriptions; i++) cart = (await addToCart(subgraph, customer.patient, { prescriptionId: await newPrescription(subgraph, customer.patientId) })).cart
  if (otc) cart = (await addToCart(subgraph, customer.patient, { drugId: await newDrug(subgraph, { rxOnly: false, priceMinor: 900 }) })).cart
  const { order } = await checkout(subgraph, customer.patient, { cartId: cart!.id, addressId: customer.addressId, idempotencyKey: newId(), paymentMethodId, delivery })
  const prescribed = (order.lines as Line[]).filter(({ prescription }) => prescription)
  for (const line of prescribed) await others.acceptFill(order, line)
  await orderIn(subgraph, order.id, 'RX_CHECKED')
  await others.holdStock(order)
  await orderIn(subgraph, order.id, 'AWAITING_PHARMACIST')
  return { order, prescribed }
}
const lineIn = (orderId: string, lineId: string, status: string) =>
  eventually(async () => {
    const order = await orderOf(subgraph, support, orderId)
    const line = (order.lines as Line[]).find(({ id }) => id === lineId)
    return line?.status === status && { order, line }
  }, { what: `line in ${status}` })
const refundsOf = (orderId: string) => subgraph.sql<{ amount_minor: number; idempotency_key: string; status: string }>('select amount_minor, idempotency_key, status from refund where order_id = $1', [orderId])

test('S55 C21 of a paid parcel the rest goes on: the line is RETURNED_TO_STOCK, its price goes back once, however often it is told', async () => {
  const { order, prescribed: [line] } = await held({ otc: true })
  await others.releaseFill(order, line!)
  const paid = await orderIn(subgraph, order.id, 'PAYMENT_CAPTURED')
  const eventId = newId()
  await others.returnFill(order, line!, eventId)
  const { order: after, line: gone } = await lineIn(order.id, line!.id, 'RETURNED_TO_STOCK')
  await others.returnFill(order, line!, eventId)
  await others.returnFill(order, line!)
  assert.deepEqual([after.status, gone.amountDue.amountMinor], ['PAYMENT_CAPTURED', 0])
  const share = paid.lines.find(({ id }: Line) => id === line!.id).amountDue.amountMinor
  await eventually(async () => (await refundsOf(order.id))[0]?.status === 'SUCCEEDED', { what: 'the refund' })
  assert.deepEqual(await refundsOf(order.id), [{ amount_minor: share, idempotency_key: `line:${line!.id}`, status: 'SUCCEEDED' }])
  assert.equal(provider.intentOf(order.id).refundedMinor, share)
  const told = (await subgraph.emitted('orders.line-cancelled.v1')).filter(({ orderId }) => orderId === order.id)
  assert.deepEqual(told.map(({ orderLineId, reasonCode, patientId }) => [orderLineId, reasonCode, patientId]), [[line!.id, 'RETURNED_TO_STOCK', order.patient.id]])
  const why = (await orderOf(subgraph, support, order.id)).lines.find(({ id }: Line) => id === line!.id).why
  assert.deepEqual([why.code, why.nextStep], ['RETURNED_TO_STOCK', 'ASK_PHARMACY'])
  await others.moveShipment(order, 'OUT_FOR_DELIVERY')
  await others.moveShipment(order, 'DELIVERED')
  await orderIn(subgraph, order.id, 'DELIVERED')
  assert.equal((await refundsOf(order.id)).length, 1)
})

test('S55 a paid order of which nothing is left ends, its parcel is called off and all of its money goes back, shipping too', async () => {
  const { order, prescribed: [line] } = await held()
  await others.releaseFill(order, line!)
  await orderIn(subgraph, order.id, 'PAYMENT_CAPTURED')
  await others.returnFill(order, line!)
  const ended = await orderIn(subgraph, order.id, 'REFUNDED')
  assert.deepEqual([ended.lines[0].status, ended.fulfilments[0].status, ended.payment.refundedAmount.amountMinor], ['RETURNED_TO_STOCK', 'CANCELLED', order.totalAmount.amountMinor])
  assert.equal((await subgraph.emitted('orders.order-cancelled.v1')).filter(({ orderId }) => orderId === order.id).length, 1)
})

test('S55 what is not captured yet is never captured: less is taken of the rest, and all is let go where nothing is left', async () => {
  const { order, prescribed: [one, two] } = await held({ prescriptions: 2 })
  await others.releaseFill(order, one!)
  await lineIn(order.id, one!.id, 'RELEASED')
  await others.returnFill(order, one!)
  const { order: waiting } = await lineIn(order.id, one!.id, 'RETURNED_TO_STOCK')
  assert.equal(waiting.status, 'AWAITING_PHARMACIST')
  await others.releaseFill(order, two!)
  const paid = await orderIn(subgraph, order.id, 'PAYMENT_CAPTURED')
  assert.equal(paid.payment.capturedAmount.amountMinor, paid.amountDue.amountMinor)
  assert.ok(paid.amountDue.amountMinor < paid.totalAmount.amountMinor)
  assert.deepEqual(await refundsOf(order.id), [])

  // the first of two is left out, the second comes back before the rest is released
  const { order: other, prescribed: [first, second] } = await held({ prescriptions: 2 })
  await others.releaseFill(other, first!)
  await lineIn(other.id, first!.id, 'RELEASED')
  await others.blockFill(other, second!)
  await orderIn(subgraph, other.id, 'PAYMENT_CAPTURED')
  await others.returnFill(other, first!)
  await orderIn(subgraph, other.id, 'REFUNDED')
})

test('S55 where the card allows one capture, a released part that waits for the others goes back without ever being charged', async () => {
  const customer = await newCustomer(subgraph)
  for (let i = 0; i < 2; i++) await addToCart(subgraph, customer.patient, { prescriptionId: await newPrescription(subgraph, customer.patientId) })
  const { cart } = await addToCart(subgraph, customer.patient, { drugId: await newDrug(subgraph, { rxOnly: false, priceMinor: 900 }) })
  const { order } = await checkout(subgraph, customer.patient, { cartId: cart.id, addressId: customer.addressId, idempotencyKey: newId(), paymentMethodId: 'pm_single' })
  const [ready, short] = (order.lines as Line[]).filter(({ prescription }) => prescription)
  const otc = (order.lines as Line[]).find(({ prescription }) => !prescription)!
  for (const line of [ready!, short!]) await others.acceptFill(order, line)
  await orderIn(subgraph, order.id, 'RX_CHECKED')
  await others.refuseStock(order, short!)
  await lineIn(order.id, short!.id, 'BACKORDERED')
  await others.holdStock(order, undefined, [ready, otc] as never)
  await orderIn(subgraph, order.id, 'AWAITING_PHARMACIST')
  await others.releaseFill(order, ready!)
  await lineIn(order.id, ready!.id, 'RELEASED')
  await others.returnFill(order, ready!)
  const { order: after } = await lineIn(order.id, ready!.id, 'RETURNED_TO_STOCK')
  assert.deepEqual([after.status, after.payment.capturedAmount.amountMinor, after.fulfilments.map(({ status }: { status: string }) => status).sort()], ['AWAITING_PHARMACIST', 0, ['BACKORDERED', 'CANCELLED', 'RELEASED']])
  // the rest comes to nothing: what is left is captured, and no more
  await others.blockFill(order, short!)
  const paid = await orderIn(subgraph, order.id, 'PAYMENT_CAPTURED')
  assert.equal(paid.payment.capturedAmount.amountMinor, otc.amountDue.amountMinor + order.totalAmount.amountMinor - order.subtotal.amountMinor - order.tax.amountMinor)
  assert.deepEqual(await refundsOf(order.id), [])
})

test('S5 told before the release is heard of, it waits for it; told of an order that is off, nothing more happens', async () => {
  const { order, prescribed: [one, two] } = await held({ prescriptions: 2 })
  await others.returnFill(order, one!)
  await others.releaseFill(order, one!)
  await lineIn(order.id, one!.id, 'RETURNED_TO_STOCK')
  await others.releaseFill(order, two!)
  await orderIn(subgraph, order.id, 'PAYMENT_CAPTURED')
  assert.equal((await subgraph.sql('select 1 from dead_letter')).length, 0)
})
