import { test } from 'node:test'
import assert from 'node:assert/strict'
import { actorWith, eventually } from '../../../tests/environment.ts'
import { stuckRows } from '../src/policies/stuck.ts'
import { holdByHand, neighbours, orderIn, placeOrder, support, testOrders } from './pharmacy.ts'

const { subgraph } = await testOrders({ background: true })
const others = neighbours(subgraph)
const redrive = async (orderId: string, actor = support) =>
  (await subgraph.data(actor, 'mutation ($input: RedriveOrderInput!) { redriveOrder(input: $input) { __typename ... on OrderPayload { order { id status } } ... on Problem { code } ... on InvalidInput { field } } }', { input: { orderId, reason: 'the event was lost' } })).redriveOrder
const stuck = async () => (await subgraph.data(support, '{ stuckOrders { order { id } status waitsFor redrive } }')).stuckOrders as { order: { id: string }; status: string; waitsFor: string; redrive: string }[]
const age = (orderId: string, hours: number) => subgraph.sql(`update customer_order set status_since = now() - make_interval(hours => $2) where id = $1`, [orderId, hours])
const told = async (type: keyof Told, orderId: string) => ((await subgraph.emitted(type)) as { orderId: string }[]).filter((event) => event.orderId === orderId).length
type Told = Record<'orders.order-placed.v1' | 'orders.stock-requested.v1' | 'orders.payment-requested.v1' | 'orders.order-ready-to-fill.v1' | 'orders.order-paid.v1' | 'orders.order-redriven.v1', true>

test('S18 an order that rests too long is shown to the staff with whose turn it is, and asked for again it goes on; the audit is told', async () => {
  const { order } = await placeOrder(subgraph, { otc: true })
  assert.equal((await redrive(order.id)).code, 'NOT_STUCK')
  await age(order.id, 1)
  const [row] = (await stuck()).filter((one) => one.order.id === order.id)
  assert.deepEqual([row?.status, row?.redrive], ['RX_CHECKED', 'orders.stock-requested.v1'])
  assert.match(row!.waitsFor, /inventory/)
  assert.equal((await redrive(order.id)).order.status, 'RX_CHECKED')
  assert.deepEqual([await told('orders.stock-requested.v1', order.id), await told('orders.order-redriven.v1', order.id)], [2, 1])
  await others.holdStock(order)
  await orderIn(subgraph, order.id, 'PAYMENT_CAPTURED')
  assert.ok(!(await stuck()).some((one) => one.order.id === order.id))
})

test('S18 every step that can be stuck is told again in its own words, and to patients stuck orders are not shown', async () => {
  const { order, patient } = await placeOrder(subgraph)
  await age(order.id, 30)
  await redrive(order.id)
  assert.equal(await told('orders.order-placed.v1', order.id), 2)
  await others.acceptFill(order, order.lines[0])
  await orderIn(subgraph, order.id, 'RX_CHECKED')
  await others.holdStock(order)
  await orderIn(subgraph, order.id, 'AWAITING_PHARMACIST')
  await age(order.id, 30)
  await redrive(order.id)
  assert.equal(await told('orders.order-ready-to-fill.v1', order.id), 2)
  await others.releaseFill(order, order.lines[0])
  await orderIn(subgraph, order.id, 'PAYMENT_CAPTURED')
  await age(order.id, 30)
  await redrive(order.id)
  assert.equal(await told('orders.order-paid.v1', order.id), 2)
  assert.deepEqual(Object.keys(stuckRows).sort(), ['AWAITING_PHARMACIST', 'CHECKOUT_STARTED', 'PAYMENT_AUTHORIZED', 'PAYMENT_CAPTURED', 'REFUND_PENDING', 'RELEASED', 'RX_CHECKED'])
  for (const actor of [patient, actorWith('technician')]) {
    assert.equal((await subgraph.graph(actor, '{ stuckOrders { status } }')).errors?.[0]?.extensions['code'], 'FORBIDDEN')
    const refused = await subgraph.graph(actor, 'mutation ($i: RedriveOrderInput!) { redriveOrder(input: $i) { __typename } }', { i: { orderId: order.id, reason: 'x' } })
    assert.equal(refused.errors?.[0]?.extensions['code'], 'FORBIDDEN')
  }
})

test('S18 a payment whose request was lost is taken up again', async () => {
  const { order } = await placeOrder(subgraph, { otc: true })
  await holdByHand(subgraph, order.id)
  await subgraph.sql(`update customer_order set status = 'RELEASED', released_parts = 1, status_since = now() - interval '1 hour' where id = $1`, [order.id])
  await subgraph.sql(`update fulfilment set status = 'RELEASED' where order_id = $1`, [order.id])
  await redrive(order.id)
  await orderIn(subgraph, order.id, 'PAYMENT_CAPTURED')
  await eventually(async () => (await told('orders.order-paid.v1', order.id)) === 1)
})
