import { test } from 'node:test'
import assert from 'node:assert/strict'
import { clock, newId } from '@pharmagraph/platform'
import { actorWith } from '../../../tests/environment.ts'
import { addToCart, checkout, neighbours, newCustomer, newDrug, newPrescription, orderIn, placeOrder, refundOrder, support, testOrders } from './pharmacy.ts'

const { subgraph } = await testOrders({ background: true })
const others = neighbours(subgraph)
const grace = actorWith('pharmacist-in-charge')
const today = clock.today()
const sales = async (from = today, to = today) =>
  (await subgraph.data(grace, `query ($from: LocalDate!, $to: LocalDate!) { salesReport(from: $from, to: $to) { orders revenue { amountMinor } tax { amountMinor } shipping { amountMinor } refunded { amountMinor }
    byDrug { drug { id } orders units revenue { amountMinor } } byDay { day orders revenue { amountMinor } } csv } }`, { from, to })).salesReport

test('S70 sales are what was charged, by drug and by day, a part-filled line by what was dispensed; refunds apart; the same as CSV', async () => {
  const customer = await newCustomer(subgraph, { state: 'CA' })
  const [rx, otc] = [await newDrug(subgraph, { priceMinor: 12_000 }), await newDrug(subgraph, { rxOnly: false, priceMinor: 1000, packageSize: 10 })]
  await addToCart(subgraph, customer.patient, { prescriptionId: await newPrescription(subgraph, customer.patientId, { drugId: rx }) })
  const { cart } = await addToCart(subgraph, customer.patient, { drugId: otc, packages: 2 })
  const { order } = await checkout(subgraph, customer.patient, { cartId: cart.id, addressId: customer.addressId, idempotencyKey: newId(), paymentMethodId: 'pm_card_visa', delivery: 'TOGETHER' })
  const prescribed = order.lines.find(({ prescription }: { prescription: unknown }) => prescription)
  await others.acceptFill(order, prescribed)
  await others.holdStock(order)
  await orderIn(subgraph, order.id, 'AWAITING_PHARMACIST')
  await others.releaseFill(order, prescribed, undefined, 10)
  await orderIn(subgraph, order.id, 'PAYMENT_CAPTURED')
  await refundOrder(subgraph, support, { orderId: order.id, amountMinor: 150, reason: 'late', idempotencyKey: 'k' })
  await orderIn(subgraph, order.id, 'PAYMENT_CAPTURED')
  await placeOrder(subgraph, { otc: true }) // not paid: not sold

  const report = await sales()
  assert.deepEqual([report.orders, report.revenue.amountMinor, report.tax.amountMinor, report.shipping.amountMinor], [1, 1200 + 2000, 145, order.shipping.amountMinor])
  assert.deepEqual(report.byDrug.map((row: { drug: { id: string }; units: number; revenue: { amountMinor: number } }) => [row.drug.id, row.units, row.revenue.amountMinor]), [[otc, 20, 2000], [rx, 10, 1200]])
  assert.deepEqual(report.byDay, [{ day: today, orders: 1, revenue: { amountMinor: 3200 } }])
  assert.equal(report.csv, `drug_id,orders,units,revenue_minor,tax_minor\r\n${otc},1,20,2000,145\r\n${rx},1,10,1200,0\r\n`)
  assert.equal((await sales('2020-01-01', '2020-01-31')).orders, 0)
  const { fillTimesReport } = await subgraph.data(grace, 'query ($d: LocalDate!) { fillTimesReport(from: $d, to: $d) { parts medianMinutes p90Minutes slowestMinutes csv } }', { d: today })
  assert.equal(fillTimesReport.parts, 1)
  assert.ok(fillTimesReport.medianMinutes >= 0 && fillTimesReport.medianMinutes < 1)
})

test('S70 abandoned carts are counted at their worth, and whose they are is not told', async () => {
  const { patient, patientId } = await newCustomer(subgraph)
  const drugId = await newDrug(subgraph, { rxOnly: false, priceMinor: 1000, packageSize: 10 })
  const { cart } = await addToCart(subgraph, patient, { drugId, packages: 3 })
  const carts = async (idleHours: number) => (await subgraph.data(grace, 'query ($h: Int!) { abandonedCartsReport(idleHours: $h) { carts worth { amountMinor } newest { cartId lines worth { amountMinor } } csv } }', { h: idleHours })).abandonedCartsReport
  assert.equal((await carts(24)).carts, 0)
  await subgraph.sql(`update cart set updated_at = now() - interval '25 hours' where id = $1`, [cart.id])
  const report = await carts(24)
  assert.deepEqual([report.carts, report.worth.amountMinor, report.newest], [1, 3000, [{ cartId: cart.id, lines: 1, worth: { amountMinor: 3000 } }]])
  assert.ok(!JSON.stringify(report).includes(patientId))
})

test('S70 reports are for those who run the pharmacy, over a year at most', async () => {
  const ask = (actor: typeof grace, from: string, to: string) => subgraph.graph(actor, 'query ($from: LocalDate!, $to: LocalDate!) { salesReport(from: $from, to: $to) { orders } }', { from, to })
  for (const role of ['patient', 'technician', 'driver', 'prescriber'] as const) assert.equal((await ask(actorWith(role), today, today)).errors?.[0]?.extensions['code'], 'FORBIDDEN', role)
  assert.equal((await ask(grace, '2026-02-01', '2026-01-01')).errors?.[0]?.extensions['code'], 'INVALID_INPUT')
  assert.equal((await ask(grace, '2020-01-01', '2026-01-01')).errors?.[0]?.extensions['code'], 'INVALID_INPUT')
})
