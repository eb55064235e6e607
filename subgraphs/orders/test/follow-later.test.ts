/** What is out of stock for longer than a hold on the card lasts follows as an order of its own. */
import { test } from 'node:test'
import assert from 'node:assert/strict'
import { clock, newId, systemActor, transact } from '@pharmagraph/platform'
import { eventually } from '../../../tests/environment.ts'
import { expireOrders } from '../src/jobs/expire-orders.ts'
import { addToCart, checkout, neighbours, newCustomer, newDrug, newPrescription, orderIn, orderOf, payOrder, support, testOrders } from './pharmacy.ts'

const { subgraph, provider } = await testOrders({ background: true })
const { sql } = subgraph
const others = neighbours(subgraph)
const expire = (): Promise<void> => transact(subgraph.running.orm, (em) => expireOrders.run(em, systemActor('orders')))
type Line = { id: string; status: string; drug: { id: string }; prescription: { id: string } | null; quantity: number; why: { code: string; nextStep: string }; lineTotal: { amountMinor: number } }

/** An order whose over-the-counter line is captured and whose other line is out of stock. */
async function waiting({ prescribed, saved }: { prescribed: boolean; saved: boolean }) {
  const customer = await newCustomer(subgraph)
  const paymentMethodId = `pm_${newId().replaceAll('-', 'x')}`
  if (saved) await sql(`insert into saved_method (id, patient_id, brand, last4, exp_month, exp_year, added_at) values ($1, $2, 'visa', '4242', 12, 2099, now())`, [paymentMethodId, customer.patientId])
  await addToCart(subgraph, customer.patient, { drugId: await newDrug(subgraph, { rxOnly: false, priceMinor: 900 }) })
  const drugId = await newDrug(subgraph, { rxOnly: prescribed, priceMinor: 2000 })
  const input = prescribed ? { prescriptionId: await newPrescription(subgraph, customer.patientId, { drugId }) } : { drugId }
  const { cart } = await addToCart(subgraph, customer.patient, input)
  const answer = await checkout(subgraph, customer.patient, { cartId: cart.id, addressId: customer.addressId, idempotencyKey: newId(), paymentMethodId })
  assert.equal(answer.__typename, 'OrderPayload', JSON.stringify(answer))
  const { order } = answer
  const short = (order.lines as Line[]).find(({ drug }) => drug.id === drugId)!
  const ready = (order.lines as Line[]).find(({ id }) => id !== short.id)!
  if (prescribed) await others.acceptFill(order, short as never)
  await orderIn(subgraph, order.id, 'RX_CHECKED')
  await others.refuseStock(order, short as never)
  await eventually(async () => (await sql(`select 1 from order_line where id = $1 and status = 'BACKORDERED'`, [short.id])).length === 1, { what: 'the back-order' })
  await others.holdStock(order, undefined, [ready] as never)
  await eventually(async () => (await sql(`select 1 from payment where order_id = $1 and captured_minor > 0 and status = 'AUTHORIZED'`, [order.id])).length === 1, { what: 'the first part captured' })
  return { ...customer, order, short, drugId, paymentMethodId }
}
/** The bank is about to let the rest go. */
async function holdEnds(orderId: string): Promise<void> {
  await sql('update payment set capture_before = $2 where order_id = $1', [orderId, new Date(clock.now().getTime() + 23 * 3_600_000)])
  await sql(`update customer_order set created_at = created_at - interval '6 days' where id = $1`, [orderId])
  await expire()
  await expire()
}
const followersOf = (orderId: string) => sql<{ id: string; idempotency_key: string; shipping_minor: number; created_at: Date }>('select id, idempotency_key, shipping_minor, created_at from customer_order where follows_order_id = $1', [orderId])
const follower = (orderId: string) => eventually(async () => (await followersOf(orderId))[0], { what: 'the order that follows' })
const lineOf = async (orderId: string, lineId: string) => ((await orderOf(subgraph, support, orderId)).lines as Line[]).find(({ id }) => id === lineId)!

test('S18 S63 with a saved card what was out of stock follows at its price, without shipping, and is charged when it comes in', async () => {
  const { order, short, patient, paymentMethodId } = await waiting({ prescribed: false, saved: true })
  await holdEnds(order.id)
  const next = await follower(order.id)
  assert.deepEqual([next.idempotency_key, next.shipping_minor, (await followersOf(order.id)).length], [`follow:${short.id}`, 0, 1])
  assert.deepEqual([(await lineOf(order.id, short.id)).why.code, (await lineOf(order.id, short.id)).why.nextStep], ['FOLLOWS_LATER', 'STOCK_ARRIVES'])
  const { order: seen } = await subgraph.data(patient, 'query ($id: ID!) { order(id: $id) { follows { id } followedBy { id } } }', { id: next.id })
  assert.deepEqual(seen, { follows: { id: order.id }, followedBy: [] })
  const [original] = await sql<{ created_at: Date }>('select created_at from customer_order where id = $1', [order.id])
  assert.deepEqual(next.created_at, original!.created_at, 'the time to wait for goods goes on')
  const paid = await orderIn(subgraph, order.id, 'PAYMENT_CAPTURED')
  assert.equal(paid.payment.capturedAmount.amountMinor, paid.amountDue.amountMinor)

  const placed = await orderOf(subgraph, support, next.id)
  assert.deepEqual(placed.lines.map(({ lineTotal }: Line) => lineTotal.amountMinor), [short.lineTotal.amountMinor])
  await others.refuseStock(placed, placed.lines[0])
  await orderIn(subgraph, next.id, 'BACKORDERED')
  await subgraph.publish('inventory.stock-received.v1', placed.lines[0].drug.id, { lotId: newId(), drugId: placed.lines[0].drug.id, batchNumber: 'L2', expiryDate: '2099-01-01', locationId: newId(), quantity: 100 })
  await orderIn(subgraph, next.id, 'RX_CHECKED')
  await others.holdStock(placed)
  const done = await orderIn(subgraph, next.id, 'PAYMENT_CAPTURED')
  assert.equal(done.payment.capturedAmount.amountMinor, placed.totalAmount.amountMinor)
  const [attempt] = await sql<{ off_session: boolean; payment_method_id: string }>('select off_session, payment_method_id from payment_attempt a join payment p on p.id = a.payment_id where p.order_id = $1', [next.id])
  assert.deepEqual(attempt, { off_session: true, payment_method_id: paymentMethodId })
  assert.equal((await subgraph.emitted('orders.payment-needed.v1')).filter(({ orderId }) => orderId === next.id).length, 0)
})

test('S18 a prescription follows once its fill is undone; without a saved card the patient is asked when the goods are there, and has two days', async () => {
  const { order, short, patient } = await waiting({ prescribed: true, saved: false })
  await holdEnds(order.id)
  await orderIn(subgraph, order.id, 'PAYMENT_CAPTURED')
  assert.equal((await followersOf(order.id)).length, 0, 'its fill stands in the way')
  const undone = { fillId: short.id, prescriptionId: short.prescription!.id, orderId: order.id, orderLineId: short.id, from: 'SCREENING', to: 'CANCELLED', reasonCode: 'FOLLOWS_LATER' } as const
  const eventId = await subgraph.publish('prescriptions.fill-status-changed.v1', short.id, undone)
  const next = await follower(order.id)
  await subgraph.republish('prescriptions.fill-status-changed.v1', short.id, undone, eventId)
  await subgraph.publish('prescriptions.fill-status-changed.v1', short.id, undone)
  const placed = await orderOf(subgraph, support, next.id)
  assert.equal(placed.lines[0].prescription.id, short.prescription!.id)
  await others.acceptFill(placed, placed.lines[0])
  await orderIn(subgraph, next.id, 'RX_CHECKED')
  await others.holdStock(placed)
  await orderIn(subgraph, next.id, 'STOCK_HELD')
  await eventually(async () => (await subgraph.emitted('orders.payment-needed.v1')).some(({ orderId, reasonCode }) => orderId === next.id && reasonCode === 'PAYMENT_NEEDED'), { what: 'the patient told' })
  await sql(`update customer_order set status_since = now() - interval '47 hours' where id = $1`, [next.id])
  await expire()
  assert.equal((await orderOf(subgraph, support, next.id)).status, 'STOCK_HELD')
  assert.equal((await payOrder(subgraph, patient, { orderId: next.id, paymentMethodId: 'pm_card_visa' })).__typename, 'OrderPayload')
  await orderIn(subgraph, next.id, 'AWAITING_PHARMACIST')
  assert.equal((await followersOf(order.id)).length, 1)
  assert.equal(provider.intentOf(next.id).status, 'requires_capture')
  assert.equal((await sql('select 1 from dead_letter')).length, 0)
})
