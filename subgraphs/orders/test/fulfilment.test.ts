import { test } from 'node:test'
import assert from 'node:assert/strict'
import { clock, newId, systemActor, transact } from '@pharmagraph/platform'
import { eventually } from '../../../tests/environment.ts'
import { expireOrders } from '../src/jobs/expire-orders.ts'
import { addToCart, cancelOrder, checkout, neighbours, newCustomer, newDrug, newPrescription, orderIn, orderOf, support, testOrders } from './pharmacy.ts'

const { subgraph, provider } = await testOrders({ background: true })
const others = neighbours(subgraph)
const handled = (eventId: string) => eventually(async () => (await subgraph.sql('select 1 from inbox where event_id = $1', [eventId])).length > 0, { what: 'the event handled' })

/** An order of a prescription (36.00) and two packages over the counter (9.00 each); the lines in that order. */
async function mixedOrder({ paymentMethodId = 'pm_card_visa', delivery = 'AS_READY', prescriptions = 1 } = {}) {
  const customer = await newCustomer(subgraph, { state: 'TX' })
  const rx = await newDrug(subgraph, { priceMinor: 12_000 })
  for (let i = 0; i < prescriptions; i++) await addToCart(subgraph, customer.patient, { prescriptionId: await newPrescription(subgraph, customer.patientId, { drugId: rx }) })
  const otc = await newDrug(subgraph, { rxOnly: false, priceMinor: 900, packageSize: 10, name: 'Ibuprofen 200 mg' })
  const { cart } = await addToCart(subgraph, customer.patient, { drugId: otc, packages: 2 })
  const { order } = await checkout(subgraph, customer.patient, { cartId: cart.id, addressId: customer.addressId, idempotencyKey: newId(), paymentMethodId, delivery })
  const lines = order.lines as { id: string; drug: { id: string }; prescription: { id: string } | null; quantity: number }[]
  return { ...customer, order, rx, otc, prescribed: lines.filter(({ prescription }) => prescription), extra: lines.find(({ prescription }) => !prescription)! }
}
type Mixed = Awaited<ReturnType<typeof mixedOrder>>
const reach = async ({ order, prescribed }: Mixed, status: string) => {
  for (const line of prescribed) await others.acceptFill(order, line)
  await orderIn(subgraph, order.id, 'RX_CHECKED')
  await others.holdStock(order)
  return orderIn(subgraph, order.id, status)
}
const seen = (orderId: string) => orderOf(subgraph, support, orderId)
const partIn = (orderId: string, number: number, status: string) =>
  eventually(async () => {
    const order = await seen(orderId)
    const part = order.fulfilments.find((one: { number: number }) => one.number === number)
    return part?.status === status && part
  }, { what: `part ${number} ${status}` })
const emittedOf = async (orderId: string, type: 'orders.order-paid.v1' | 'orders.order-released.v1' | 'orders.line-cancelled.v1' | 'orders.stock-requested.v1' | 'orders.order-ready-to-fill.v1') =>
  ((await subgraph.emitted(type)) as { orderId: string; orderLineIds?: string[]; orderLineId?: string; lines?: { orderLineId: string }[]; fulfilmentId?: string }[]).filter((event) => event.orderId === orderId)

test('S18 over-the-counter lines go ahead: their part is released, captured and sent while the pharmacist is at work; the order is where its least-advanced part is', async () => {
  const mixed = await mixedOrder()
  const { order, prescribed: [rx], extra } = mixed
  assert.deepEqual(order.fulfilments.map(({ number, status }: { number: number; status: string }) => [number, status]), [[1, 'PLANNED'], [2, 'PLANNED']])
  await reach(mixed, 'AWAITING_PHARMACIST')
  const early = await partIn(order.id, 1, 'PAID')
  assert.deepEqual(early.lines, [{ id: extra.id }])
  const between = await seen(order.id)
  assert.deepEqual([between.status, between.paymentStatus, between.payment.capturedAmount.amountMinor], ['AWAITING_PHARMACIST', 'AUTHORIZED', 1800])
  assert.deepEqual((await emittedOf(order.id, 'orders.order-paid.v1')).map(({ orderLineIds, fulfilmentId }) => [orderLineIds, fulfilmentId]), [[[extra.id], early.id]])
  assert.deepEqual((await emittedOf(order.id, 'orders.order-ready-to-fill.v1')).map(({ orderLineIds }) => orderLineIds), [[rx!.id]])
  await others.moveParcel(order, early.id, 'DELIVERED')
  await partIn(order.id, 1, 'DELIVERED')
  assert.equal((await seen(order.id)).status, 'AWAITING_PHARMACIST')

  await others.releaseFill(order, rx!)
  await orderIn(subgraph, order.id, 'PAYMENT_CAPTURED')
  const late = await partIn(order.id, 2, 'PAID')
  assert.equal((await seen(order.id)).payment.capturedAmount.amountMinor, order.totalAmount.amountMinor)
  assert.deepEqual(provider.calls.filter((call) => call.startsWith(`${order.id}:capture`)), [`${order.id}:capture:1`, `${order.id}:capture:2`])
  await others.moveParcel(order, late.id, 'OUT_FOR_DELIVERY')
  await orderIn(subgraph, order.id, 'SHIPPED')
  await others.moveParcel(order, late.id, 'DELIVERED')
  const done = await orderIn(subgraph, order.id, 'DELIVERED')
  assert.deepEqual(done.history.map(({ to }: { to: string }) => to), ['CHECKOUT_STARTED', 'RX_CHECKED', 'STOCK_HELD', 'PAYMENT_AUTHORIZED', 'AWAITING_PHARMACIST', 'RELEASED', 'PAYMENT_CAPTURED', 'SHIPPED', 'DELIVERED'])
})

test('S43 a card that allows one capture only is captured once, when everything is released', async () => {
  const mixed = await mixedOrder({ paymentMethodId: 'pm_single' })
  const { order, prescribed: [rx] } = mixed
  await reach(mixed, 'AWAITING_PHARMACIST')
  await partIn(order.id, 1, 'RELEASED')
  await others.releaseFill(order, rx!)
  await orderIn(subgraph, order.id, 'PAYMENT_CAPTURED')
  assert.equal(provider.calls.filter((call) => call.startsWith(`${order.id}:capture`)).length, 1)
  assert.equal((await emittedOf(order.id, 'orders.order-paid.v1')).length, 2)
})

test('S43 at the last moment a card allows, what is released is captured, and what is not is left out and let go', async () => {
  const mixed = await mixedOrder({ paymentMethodId: 'pm_single' })
  const { order, prescribed: [rx] } = mixed
  await reach(mixed, 'AWAITING_PHARMACIST')
  await partIn(order.id, 1, 'RELEASED')
  await eventually(async () => (await seen(order.id)).payment.captureBefore)
  await subgraph.sql(`update payment set capture_before = $2 where order_id = $1`, [order.id, new Date(clock.now().getTime() + 23 * 3_600_000)])
  await transact(subgraph.running.orm, (em) => expireOrders.run(em, systemActor('orders')))
  const paid = await orderIn(subgraph, order.id, 'PAYMENT_CAPTURED')
  assert.equal(paid.payment.capturedAmount.amountMinor, 1800)
  const left = paid.lines.find(({ id }: { id: string }) => id === rx!.id)
  assert.deepEqual([left.status, left.why.code, left.why.nextStep], ['BLOCKED', 'AUTHORIZATION_LOST', 'ORDER_AGAIN'])
  assert.deepEqual((await emittedOf(order.id, 'orders.line-cancelled.v1')).map(({ orderLineId }) => orderLineId), [rx!.id])
})

test('S18 a prescription that may not be dispensed is left out with its reason; the rest is sent and only that is charged', async () => {
  const mixed = await mixedOrder({ prescriptions: 2, delivery: 'TOGETHER' })
  const { order, prescribed: [bad, good], extra } = mixed
  await others.blockFill(order, bad!)
  await others.acceptFill(order, good!)
  await orderIn(subgraph, order.id, 'RX_CHECKED')
  const [asked] = await emittedOf(order.id, 'orders.stock-requested.v1')
  assert.deepEqual(new Set(asked!.lines!.map(({ orderLineId }) => orderLineId)), new Set([good!.id, extra.id]))
  await others.holdStock(order, undefined, [good!, extra])
  await orderIn(subgraph, order.id, 'AWAITING_PHARMACIST')
  await others.releaseFill(order, good!)
  const paid = await orderIn(subgraph, order.id, 'PAYMENT_CAPTURED')
  assert.deepEqual([paid.amountDue.amountMinor, paid.payment.capturedAmount.amountMinor], [5400, 5400])
  const why = paid.lines.find(({ id }: { id: string }) => id === bad!.id).why
  assert.deepEqual(why.code, 'REFILL_TOO_SOON')
  assert.match(why.message, /3 January/)
})

test('S18 an order of which nothing may be dispensed is rejected', async () => {
  const { order, prescribed: [bad, worse], extra } = await mixedOrder({ prescriptions: 2 })
  await others.blockFill(order, bad!)
  await others.blockFill(order, worse!)
  await orderIn(subgraph, order.id, 'RX_CHECKED')
  await others.loseHold(order, extra)
  const rejected = await orderIn(subgraph, order.id, 'REJECTED')
  assert.deepEqual(rejected.lines.map(({ status }: { status: string }) => status), ['BLOCKED', 'BLOCKED', 'BLOCKED'])
})

test('S18 what is out of stock becomes a part that waits; the rest goes ahead, and the part follows when goods come in', async () => {
  const mixed = await mixedOrder()
  const { order, prescribed: [rx], extra, otc } = mixed
  await others.acceptFill(order, rx!)
  await orderIn(subgraph, order.id, 'RX_CHECKED')
  await others.refuseStock(order, extra)
  await partIn(order.id, 1, 'BACKORDERED')
  await others.holdStock(order, undefined, [rx!])
  await orderIn(subgraph, order.id, 'AWAITING_PHARMACIST')
  await others.releaseFill(order, rx!)
  await partIn(order.id, 2, 'PAID')
  const waiting = await seen(order.id)
  assert.deepEqual([waiting.status, waiting.statusReason.code, waiting.payment.capturedAmount.amountMinor], ['AWAITING_PHARMACIST', 'PART_OUT_OF_STOCK', 3600])
  assert.match(waiting.statusReason.message, /Ibuprofen/)
  assert.deepEqual(waiting.lines.find(({ id }: { id: string }) => id === extra.id).why.nextStep, 'STOCK_ARRIVES')

  await subgraph.publish('inventory.stock-received.v1', otc, { lotId: newId(), drugId: otc, locationId: newId(), batchNumber: 'B1', expiryDate: '2099-01-01', quantity: 500 })
  await partIn(order.id, 1, 'PLANNED')
  await others.holdStock(order)
  const all = await orderIn(subgraph, order.id, 'PAYMENT_CAPTURED')
  assert.deepEqual([all.statusReason.code, all.payment.capturedAmount.amountMinor], ['PACKING', order.totalAmount.amountMinor])
})

test('S18 one parcel, where the patient asked for it, waits for everything', async () => {
  const mixed = await mixedOrder({ delivery: 'TOGETHER' })
  const { order, prescribed: [rx], extra } = mixed
  await others.acceptFill(order, rx!)
  await others.refuseStock(order, extra)
  const waiting = await orderIn(subgraph, order.id, 'BACKORDERED')
  assert.deepEqual(waiting.lines.map(({ why }: { why: { code: string } }) => why.code).sort(), ['INSUFFICIENT_STOCK', 'WAITS_FOR_THE_REST'])
})

test('S18 a fill of less than was ordered is charged as dispensed, and the rest of the hold is let go', async () => {
  const mixed = await mixedOrder({ delivery: 'TOGETHER' })
  const { order, prescribed: [rx] } = mixed
  await reach(mixed, 'AWAITING_PHARMACIST')
  await others.releaseFill(order, rx!, undefined, 10)
  const paid = await orderIn(subgraph, order.id, 'PAYMENT_CAPTURED')
  const line = paid.lines.find(({ id }: { id: string }) => id === rx!.id)
  assert.deepEqual([line.suppliedQuantity, line.amountDue.amountMinor, line.why.code], [10, 1200, 'PART_FILLED'])
  assert.deepEqual([paid.amountDue.amountMinor, paid.payment.capturedAmount.amountMinor], [3000, 3000])
  assert.equal(provider.intentOf(order.id).authorizedMinor, 0)
})

test('S18 once a part is released the patient may cancel the rest: it is let go, and the part arrives', async () => {
  const mixed = await mixedOrder()
  const { order, patient, prescribed: [rx] } = mixed
  await reach(mixed, 'AWAITING_PHARMACIST')
  const early = await partIn(order.id, 1, 'PAID')
  assert.deepEqual((await orderOf(subgraph, patient, order.id)).allowedActions, ['cancelRest'])
  const { order: cancelled } = await cancelOrder(subgraph, patient, { orderId: order.id, reason: 'no longer needed' })
  assert.equal(cancelled.lines.find(({ id }: { id: string }) => id === rx!.id).status, 'CANCELLED')
  const rest = await eventually(async () => {
    const order_ = await seen(order.id)
    return order_.paymentStatus === 'CAPTURED' && order_
  }, { what: 'the rest let go' })
  assert.deepEqual([rest.status, rest.payment.capturedAmount.amountMinor, rest.amountDue.amountMinor], ['PAYMENT_CAPTURED', 1800, 1800])
  assert.equal(provider.intentOf(order.id).authorizedMinor, 0)
  await handled(await others.releaseFill(order, rx!))
  await others.moveParcel(order, early.id, 'DELIVERED')
  await orderIn(subgraph, order.id, 'DELIVERED')
})

test('S18 trouble of one parcel is the order\'s once all are on their way, and one that comes back leaves the order delivered', async () => {
  const mixed = await mixedOrder()
  const { order, prescribed: [rx] } = mixed
  await reach(mixed, 'AWAITING_PHARMACIST')
  await others.releaseFill(order, rx!)
  const [one, two] = [await partIn(order.id, 1, 'PAID'), await partIn(order.id, 2, 'PAID')]
  await others.moveParcel(order, one.id, 'OUT_FOR_DELIVERY')
  await others.moveParcel(order, one.id, 'ATTEMPT_FAILED', 'NOBODY_HOME')
  const troubled = await orderIn(subgraph, order.id, 'DELIVERY_EXCEPTION')
  assert.equal(troubled.statusReason.code, 'NOBODY_HOME')
  await others.moveParcel(order, two.id, 'DELIVERED')
  await others.moveParcel(order, one.id, 'RETURNED')
  const ended = await orderIn(subgraph, order.id, 'DELIVERED')
  assert.deepEqual(ended.fulfilments.map(({ status }: { status: string }) => status), ['RETURNED', 'DELIVERED'])
})
