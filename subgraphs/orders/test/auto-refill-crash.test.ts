/** The service is killed while it places automatic refills: each is ordered and charged once all the same. */
import { test } from 'node:test'
import assert from 'node:assert/strict'
import { newId, type EventMap } from '@pharmagraph/platform'
import { eventually } from '../../../tests/environment.ts'
import { crashHarness, type Point } from './crash-harness.ts'
import { neighbours, newCustomer, newDrug, newPrescription } from './pharmacy.ts'

const harness = await crashHarness(async ({ type, order }, tell) => {
  const others = neighbours({ publish: tell } as never)
  if (type === 'orders.order-placed.v1') for (const line of order.lines) await others.acceptFill(order, line)
  if (type === 'orders.stock-requested.v1') await others.holdStock(order)
  if (type === 'orders.order-ready-to-fill.v1') for (const line of order.lines) await others.releaseFill(order, line)
})
const { subgraph, published } = harness
const { sql } = subgraph
const drugId = await newDrug(subgraph)

/** A patient whose refill is planned. */
async function planned(): Promise<{ id: string; patientId: string; told: EventMap['prescriptions.auto-refill-due.v1'] }> {
  const { patient, patientId, addressId } = await newCustomer(subgraph)
  const prescriptionId = await newPrescription(subgraph, patientId, { drugId })
  await sql(`insert into consent_fact (patient_id, purpose, fact_version, granted) values ($1, 'AUTO_REFILL', 1, true)`, [patientId])
  const { savePaymentMethod } = await subgraph.data(patient, 'mutation { savePaymentMethod(input: { paymentMethodId: "pm_card_visa" }) { ... on PaymentMethodPayload { paymentMethod { id } } } }')
  const { arrangeAutoRefill } = await subgraph.data(patient, 'mutation ($input: ArrangeAutoRefillInput!) { arrangeAutoRefill(input: $input) { __typename } }', {
    input: { prescriptionId, addressId, paymentMethodId: savePaymentMethod.paymentMethod.id, priceCeilingMinor: 10_000 },
  })
  assert.equal(arrangeAutoRefill.__typename, 'AutoRefillPlanPayload')
  const told = { refillRequestId: newId(), prescriptionId, patientId, drugId, deaSchedule: 'NONE' as const, runsOutOn: null }
  await subgraph.publish('prescriptions.auto-refill-due.v1', told.refillRequestId, told)
  await eventually(async () => (await sql('select 1 from auto_refill where id = $1', [told.refillRequestId])).length === 1, { what: 'the plan' })
  return { id: told.refillRequestId, patientId, told }
}

test('S5 S71 killed inside the placing, between commit and publication, at its mark, and around the charge: one order, one charge, one notice each', { timeout: 180_000 }, async () => {
  // the one that stands still inside its transaction comes last: the placing of all others goes before it
  const points: Point[] = [
    { at: 'publish', fact: 'orders.order-placed.v1' }, { at: 'mark', fact: 'orders.order-placed.v1' },
    { at: 'stripe', call: 'authorize', when: 'after' }, { at: 'commit', fact: 'orders.order-placed.v1' },
  ]
  const refills = []
  for (const point of points) {
    const refill = await planned()
    await harness.standStillAt(refill.patientId, point)
    refills.push({ ...refill, point })
  }
  for (const [index, { id }] of refills.entries()) await sql(`update auto_refill set order_on = current_date - $2::int where id = $1`, [id, points.length - index])
  assert.equal(await harness.killThere(), points.length)
  for (const { told } of refills) await subgraph.publish('prescriptions.auto-refill-due.v1', told.refillRequestId, told)

  const intents = async (orderId: string) =>
    ((await (await fetch(`${harness.sandboxUrl}/v1/payment_intents?limit=100`, { headers: { authorization: 'Bearer sk_test_local' } })).json()) as { data: { metadata: { orderId: string }; status: string; amount_received: number }[] }).data
      .filter(({ metadata }) => metadata.orderId === orderId).map(({ status, amount_received: received }) => [status, received])
  for (const { id, point } of refills) {
    await eventually(async () => (await sql(`select 1 from auto_refill where id = $1 and status = 'DONE'`, [id])).length === 1, { what: `the refill done after ${JSON.stringify(point)}`, within: 60_000 })
    const orders = await sql<{ id: string; status: string; total_minor: number; idempotency_key: string }>('select id, status, total_minor, idempotency_key from customer_order where auto_refill_id = $1', [id])
    assert.deepEqual(orders.map(({ status, idempotency_key }) => [status, idempotency_key]), [['PAYMENT_CAPTURED', `auto-refill:${id}:1`]])
    assert.deepEqual(await intents(orders[0]!.id), [['succeeded', orders[0]!.total_minor]])
    assert.equal(published(orders[0]!.id).filter(({ type }) => type === 'orders.order-placed.v1').length, 1)
    await eventually(() => published(id).length === 3, { what: 'the notices' })
    assert.deepEqual(published(id).map(({ data }) => (data as { to: string }).to), ['SCHEDULED', 'ORDERED', 'DONE'])
  }
  assert.equal((await sql('select 1 from dead_letter')).length, 0)
})
