/** Automatic refills: planned with a notice, ordered on their day without the patient, or asking them. */
import { test } from 'node:test'
import assert from 'node:assert/strict'
import { addDays, clock, newId, systemActor, transact, type Actor, type EventMap } from '@pharmagraph/platform'
import { actorWith, eventually } from '../../../tests/environment.ts'
import { expireOrders } from '../src/jobs/expire-orders.ts'
import { findStuckOrders } from '../src/jobs/find-stuck-orders.ts'
import { placeAutoRefills } from '../src/jobs/place-auto-refills.ts'
import { autoRefillRowFor, orderDay } from '../src/policies/auto-refill.ts'
import { addToCart, cancelOrder, checkout, neighbours, newCustomer, newDrug, newPrescription, orderIn, orderOf, payOrder, support, testOrders, type Customer } from './pharmacy.ts'

const { subgraph, provider } = await testOrders({ background: true })
const { sql } = subgraph
const others = neighbours(subgraph)
const run = (job: typeof placeAutoRefills): Promise<void> => transact(subgraph.running.orm, (em) => job.run(em, systemActor('orders')))
const today = clock.today()

type Enrolled = Customer & { prescriptionId: string; drugId: string; method: string }
type About = { deaSchedule?: string; priceMinor?: number; method?: string; ceiling?: number; consent?: boolean; arranged?: boolean }

const planFields = 'plan { priceCeiling { amountMinor } delivery does { action rule } paymentMethod { id last4 } address { id } prescription { id } }'
const refillFields = `id status statusReason { code message } orderOn runsOutOn estimate { amountMinor } order { id status autoRefill { id } } plan { delivery paymentMethod { id } } allowedActions`
const mutation = async (actor: Actor, name: string, input: object, fields: string) => {
  const type = `${name[0]!.toUpperCase()}${name.slice(1)}Input`
  const { data, errors } = await subgraph.graph(actor, `mutation ($input: ${type}!) { ${name}(input: $input) { __typename ${fields} ... on Problem { code message } ... on InvalidInput { field } } }`, { input })
  return errors ? { code: String(errors[0]!.extensions['code']) } : data![name]
}
const arrange = (actor: Actor, input: object) => mutation(actor, 'arrangeAutoRefill', input, `... on AutoRefillPlanPayload { ${planFields} }`)
const decide = (actor: Actor, name: 'confirmAutoRefill' | 'skipAutoRefill' | 'rescheduleAutoRefill', input: object) => mutation(actor, name, input, `... on AutoRefillPayload { autoRefill { ${refillFields} } }`)
const refillsOf = async (actor: Actor, patientId?: string) => (await subgraph.data(actor, `query ($patientId: ID) { autoRefills(patientId: $patientId) { ${refillFields} } }`, { patientId })).autoRefills
const rowOf = async (id: string) => (await sql<{ status: string; reason_code: string | null; order_id: string | null; order_on: string; orders: number }>('select status, reason_code, order_id, order_on::text, orders from auto_refill where id = $1', [id]))[0]
const inStatus = (id: string, status: string) => eventually(async () => { const row = await rowOf(id); return row?.status === status && row }, { what: `automatic refill ${status}` })
const ordersFor = (id: string) => sql<{ id: string; status: string; idempotency_key: string }>('select id, status, idempotency_key from customer_order where auto_refill_id = $1 order by id', [id])

async function consent(patientId: string, granted: boolean, version: number): Promise<void> {
  await subgraph.publish('patients.consent-changed.v1', patientId, { patientId, purpose: 'AUTO_REFILL', granted, policyVersion: '1', version })
  await eventually(async () => (await sql(`select 1 from consent_fact where patient_id = $1 and purpose = 'AUTO_REFILL' and fact_version = $2`, [patientId, version])).length === 1, { what: 'the consent' })
}

/** A patient with a prescription, a saved card, the consent and a plan. */
async function enrolled({ deaSchedule = 'NONE', priceMinor = 5000, method = `pm_${newId().replaceAll('-', 'x')}`, ceiling = 10_000, consent: consents = true, arranged = true }: About = {}): Promise<Enrolled> {
  const customer = await newCustomer(subgraph)
  const drugId = await newDrug(subgraph, { deaSchedule, priceMinor })
  const prescriptionId = await newPrescription(subgraph, customer.patientId, { drugId })
  await sql(`insert into saved_method (id, patient_id, brand, last4, exp_month, exp_year, added_at) values ($1, $2, 'visa', '4242', 12, 2099, now()) on conflict (id) do update set patient_id = excluded.patient_id`, [method, customer.patientId])
  await sql('insert into payment_customer (patient_id, provider_id, created_at) values ($1, $2, now())', [customer.patientId, `cus_${customer.patientId}`])
  if (consents) await consent(customer.patientId, true, 1)
  if (arranged) {
    const answer = await arrange(customer.patient, { prescriptionId, addressId: customer.addressId, paymentMethodId: method, priceCeilingMinor: ceiling })
    assert.equal(answer.__typename, 'AutoRefillPlanPayload', JSON.stringify(answer))
  }
  return { ...customer, prescriptionId, drugId, method }
}

type Due = EventMap['prescriptions.auto-refill-due.v1']
const dueOf = ({ prescriptionId, patientId, drugId }: Enrolled, about: Partial<Due> = {}): Due => ({ refillRequestId: newId(), prescriptionId, patientId, drugId, deaSchedule: 'NONE', runsOutOn: addDays(today, 7), ...about })
/** Prescriptions tell that the refill is due; answers its id once we planned it. */
async function due(who: Enrolled, about: Partial<Due> = {}): Promise<string> {
  const told = dueOf(who, about)
  await subgraph.publish('prescriptions.auto-refill-due.v1', told.refillRequestId, told)
  await eventually(() => rowOf(told.refillRequestId), { what: 'the plan' })
  return told.refillRequestId
}
/** Its day has come. */
async function onItsDay(id: string): Promise<void> {
  await sql('update auto_refill set order_on = $2 where id = $1', [id, today])
  await run(placeAutoRefills)
}
const placed = async (id: string) => {
  await onItsDay(id)
  const { order_id } = await inStatus(id, 'ORDERED')
  return orderOf(subgraph, support, order_id!)
}
const requestChanged = (who: Enrolled, id: string, to: EventMap['prescriptions.refill-request-changed.v1']['to'], orderId: string | null = null, reasonCode = 'X') =>
  subgraph.publish('prescriptions.refill-request-changed.v1', id, { refillRequestId: id, prescriptionId: who.prescriptionId, patientId: who.patientId, origin: 'AUTO', from: 'READY', to, reasonCode, dueOn: null, orderId })
const prescriptionChanged = (who: Enrolled, to: string, drugId = who.drugId) =>
  subgraph.publish('prescriptions.prescription-status-changed.v1', who.prescriptionId, {
    prescriptionId: who.prescriptionId, patientId: who.patientId, drugId, from: 'VERIFIED', to, reasonCode: null, quantity: 30, daysSupply: 30, refillsRemaining: 2, expiryDate: '2099-01-01',
  } as never)
const factOf = (who: Enrolled, status: string) => eventually(async () => (await sql('select 1 from prescription_fact where id = $1 and status = $2', [who.prescriptionId, status])).length === 1, { what: 'the fact' })
const toldOf = async (id: string) => (await subgraph.emitted('orders.auto-refill-changed.v1')).filter(({ autoRefillId }) => autoRefillId === id).map(({ to, reasonCode }) => (reasonCode ? `${to} ${reasonCode}` : to))

test('S71 a due refill is announced with its day, ordered on it with the card on file, filled and charged like any other', async () => {
  const who = await enrolled()
  const id = await due(who)
  const [refill] = await refillsOf(who.patient)
  assert.deepEqual([refill.status, refill.orderOn, refill.runsOutOn, refill.plan, refill.allowedActions.sort()], ['SCHEDULED', addDays(today, 3), addDays(today, 7), { delivery: 'AS_READY', paymentMethod: { id: who.method } }, ['confirm', 'reschedule', 'skip']])
  await run(placeAutoRefills)
  assert.equal((await ordersFor(id)).length, 0, 'not before its day')

  const order = await placed(id)
  assert.deepEqual([order.totalAmount.amountMinor, order.shippingAddress.id, order.lines[0].prescription.id], [refill.estimate.amountMinor, who.addressId, who.prescriptionId])
  await others.acceptFill(order, order.lines[0])
  await orderIn(subgraph, order.id, 'RX_CHECKED')
  await others.holdStock(order)
  await orderIn(subgraph, order.id, 'AWAITING_PHARMACIST')
  const [attempt] = await sql<{ off_session: boolean; payment_method_id: string }>('select off_session, payment_method_id from payment_attempt a join payment p on p.id = a.payment_id where p.order_id = $1', [order.id])
  assert.deepEqual(attempt, { off_session: true, payment_method_id: who.method })
  await others.releaseFill(order, order.lines[0])
  await orderIn(subgraph, order.id, 'PAYMENT_CAPTURED')
  await inStatus(id, 'DONE')
  assert.deepEqual(await toldOf(id), ['SCHEDULED', 'ORDERED', 'DONE'])
  assert.deepEqual(await refillsOf(who.patient), [])
  const [events] = await sql<{ actor: string; actor_role: string }>(`select actor, actor_role from outbox where subject = $1 and type = 'orders.order-placed.v1'`, [order.id])
  assert.deepEqual(events, { actor: 'system:orders', actor_role: 'system' })
})

test('S5 told many times over, and with several workers at its day, it is one notice and one order', async () => {
  const who = await enrolled()
  const told = dueOf(who)
  const eventId = await subgraph.publish('prescriptions.auto-refill-due.v1', told.refillRequestId, told)
  await subgraph.republish('prescriptions.auto-refill-due.v1', told.refillRequestId, told, eventId)
  await subgraph.publish('prescriptions.auto-refill-due.v1', told.refillRequestId, told)
  await eventually(() => rowOf(told.refillRequestId))
  await sql('update auto_refill set order_on = $2 where id = $1', [told.refillRequestId, today])
  await Promise.all(Array.from({ length: 5 }, () => run(placeAutoRefills)))
  await subgraph.publish('prescriptions.auto-refill-due.v1', told.refillRequestId, told)
  await run(placeAutoRefills)
  const orders = await ordersFor(told.refillRequestId)
  assert.deepEqual(orders.map(({ idempotency_key }) => idempotency_key), [`auto-refill:${told.refillRequestId}:1`])
  assert.deepEqual(await toldOf(told.refillRequestId), ['SCHEDULED', 'ORDERED'])
  assert.equal((await sql('select 1 from dead_letter')).length, 0)
})

test('S50 without the consent nothing is arranged; withdrawn, what waits ends at once, and an older yes does not bring it back', async () => {
  const without = await enrolled({ consent: false, arranged: false })
  const input = { prescriptionId: without.prescriptionId, addressId: without.addressId, paymentMethodId: without.method, priceCeilingMinor: 5000 }
  assert.equal((await arrange(without.patient, input)).code, 'AUTO_REFILL_CONSENT_MISSING')

  const who = await enrolled()
  const id = await due(who)
  await consent(who.patientId, false, 2)
  await inStatus(id, 'WITHDRAWN')
  await onItsDay(id)
  assert.deepEqual([(await rowOf(id))!.reason_code, (await ordersFor(id)).length], ['CONSENT_WITHDRAWN', 0])
  // heard of only on the day
  const late = await enrolled()
  const second = await due(late)
  await sql(`update consent_fact set granted = false where patient_id = $1 and purpose = 'AUTO_REFILL'`, [late.patientId])
  await onItsDay(second)
  assert.deepEqual([(await rowOf(second))!.status, (await ordersFor(second)).length], ['WITHDRAWN', 0])
})

test('S46 a plan is the patient\'s own: their prescription, their address, their saved card, more than zero', async () => {
  const who = await enrolled({ arranged: false })
  const other = await enrolled()
  const good = { prescriptionId: who.prescriptionId, addressId: who.addressId, paymentMethodId: who.method, priceCeilingMinor: 5000 }
  assert.equal((await arrange(who.patient, { ...good, prescriptionId: other.prescriptionId })).code, 'PRESCRIPTION_NOT_KNOWN')
  assert.equal((await arrange(who.patient, { ...good, addressId: other.addressId })).code, 'ADDRESS_NOT_KNOWN')
  assert.equal((await arrange(who.patient, { ...good, paymentMethodId: other.method })).field, 'paymentMethodId')
  assert.equal((await arrange(who.patient, { ...good, paymentMethodId: 'pm_never_saved' })).field, 'paymentMethodId')
  assert.equal((await arrange(who.patient, { ...good, priceCeilingMinor: 0 })).field, 'priceCeilingMinor')
  for (const nobody of [support, actorWith('caregiver')]) assert.match((await arrange(nobody, good)).code, /FORBIDDEN|NOT_FOUND/)
  const { plan } = await arrange(who.patient, { ...good, delivery: 'TOGETHER' })
  assert.deepEqual([plan.priceCeiling.amountMinor, plan.delivery, plan.does.action, plan.paymentMethod.last4], [5000, 'TOGETHER', 'ORDER', '4242'])
  const look = async (actor: Actor) => (await subgraph.data(actor, `query ($r: [_Any!]!) { _entities(representations: $r) { ... on Prescription { autoRefillPlan { priceCeiling { amountMinor } paymentMethod { id } } } } }`, { r: [{ __typename: 'Prescription', id: who.prescriptionId }] }))._entities[0].autoRefillPlan
  assert.deepEqual([await look(who.patient), await look(support), await look(other.patient)], [{ priceCeiling: { amountMinor: 5000 }, paymentMethod: { id: who.method } }, { priceCeiling: { amountMinor: 5000 }, paymentMethod: null }, null])
})

test('S71 above the price agreed to, another product, a card gone: the patient is asked, and orders by saying yes to what they see', async () => {
  const dear = await enrolled({ ceiling: 1000 })
  const asking = await due(dear)
  const [refill] = await refillsOf(dear.patient)
  assert.deepEqual([refill.status, refill.statusReason.code, refill.allowedActions.sort()], ['ASKING', 'PRICE_ABOVE_CEILING', ['confirm', 'skip']])
  assert.equal((await decide(dear.patient, 'confirmAutoRefill', { autoRefillId: asking, totalMinor: refill.estimate.amountMinor - 1 })).code, 'PRICE_CHANGED')
  const yes = await decide(dear.patient, 'confirmAutoRefill', { autoRefillId: asking, totalMinor: refill.estimate.amountMinor })
  assert.deepEqual([yes.autoRefill.status, yes.autoRefill.order.autoRefill.id], ['ORDERED', asking])
  const again = await decide(dear.patient, 'confirmAutoRefill', { autoRefillId: asking, totalMinor: refill.estimate.amountMinor })
  assert.equal(again.autoRefill.order.id, yes.autoRefill.order.id)

  // the price rose between the notice and the day
  const risen = await enrolled()
  const id = await due(risen)
  await sql('update drug_fact set price_minor = 90000 where id = $1', [risen.drugId])
  await onItsDay(id)
  assert.deepEqual([(await rowOf(id))!.status, (await rowOf(id))!.reason_code, (await ordersFor(id)).length], ['ASKING', 'PRICE_ABOVE_CEILING', 0])

  const changed = await enrolled()
  const substituted = await due(changed)
  const generic = await newDrug(subgraph, { name: 'Lisinopril 10 mg (another maker)' })
  await prescriptionChanged(changed, 'VERIFIED', generic)
  await eventually(async () => (await sql('select 1 from prescription_fact where drug_id = $1', [generic])).length === 1, { what: 'the substitute' })
  await onItsDay(substituted)
  assert.equal((await rowOf(substituted))!.reason_code, 'DRUG_CHANGED')
  const accepted = await decide(changed.patient, 'confirmAutoRefill', { autoRefillId: substituted, totalMinor: 10_000 })
  assert.equal((await orderOf(subgraph, changed.patient, accepted.autoRefill.order.id)).lines[0].drug.id, generic)

  const gone = await enrolled()
  const cardless = await due(gone)
  await sql('update saved_method set removed_at = now() where id = $1', [gone.method])
  await onItsDay(cardless)
  assert.equal((await rowOf(cardless))!.reason_code, 'PAYMENT_METHOD_GONE')
  assert.equal((await decide(gone.patient, 'confirmAutoRefill', { autoRefillId: cardless, totalMinor: 10_000 })).code, 'PAYMENT_METHOD_GONE')

  const none = await enrolled({ arranged: false })
  assert.equal((await rowOf(await due(none)))!.reason_code, 'NOT_ARRANGED')
})

test('S71 a declined card: the patient is told, the order waits for another payment; unpaid it ends and the refill is not lost', async () => {
  for (const ending of ['paid', 'unpaid'] as const) {
    const who = await enrolled({ method: 'pm_decline' })
    const id = await due(who)
    const order = await placed(id)
    await others.acceptFill(order, order.lines[0])
    await orderIn(subgraph, order.id, 'RX_CHECKED')
    await others.holdStock(order)
    await inStatus(id, 'PAYMENT_NEEDED')
    assert.equal((await rowOf(id))!.reason_code, 'PAYMENT_DECLINED')
    await run(expireOrders)
    assert.equal((await orderOf(subgraph, support, order.id)).status, 'STOCK_HELD')
    if (ending === 'paid') {
      assert.equal((await payOrder(subgraph, who.patient, { orderId: order.id, paymentMethodId: 'pm_card_visa' })).__typename, 'OrderPayload')
      await inStatus(id, 'ORDERED')
      continue
    }
    await sql(`update customer_order set status_since = now() - interval '47 hours' where id = $1`, [order.id])
    await run(expireOrders)
    assert.equal((await orderOf(subgraph, support, order.id)).status, 'STOCK_HELD', 'the patient may be asleep')
    await sql(`update customer_order set status_since = now() - interval '49 hours' where id = $1`, [order.id])
    await run(expireOrders)
    await inStatus(id, 'ASKING')
    assert.deepEqual([(await rowOf(id))!.reason_code, (await orderOf(subgraph, support, order.id)).status], ['UNPAID', 'EXPIRED'])
    await sql(`update auto_refill_plan set payment_method_id = 'pm_good' where prescription_id = $1`, [who.prescriptionId])
    await sql(`insert into saved_method (id, patient_id, brand, last4, exp_month, exp_year, added_at) values ('pm_good', $1, 'visa', '4242', 12, 2099, now())`, [who.patientId])
    const retried = await decide(who.patient, 'confirmAutoRefill', { autoRefillId: id, totalMinor: 10_000 })
    assert.equal(retried.autoRefill.status, 'ORDERED')
    assert.deepEqual((await ordersFor(id)).map(({ status, idempotency_key }) => [status, idempotency_key]), [['EXPIRED', `auto-refill:${id}:1`], ['CHECKOUT_STARTED', `auto-refill:${id}:2`]])
  }
})

test('S71 out of stock on its day, or refused by the pharmacist: nothing waits or is charged unasked, the patient is', async () => {
  const who = await enrolled()
  const id = await due(who)
  const order = await placed(id)
  await others.acceptFill(order, order.lines[0])
  await orderIn(subgraph, order.id, 'RX_CHECKED')
  await others.refuseStock(order, order.lines[0])
  await inStatus(id, 'ASKING')
  assert.deepEqual([(await rowOf(id))!.reason_code, (await orderOf(subgraph, support, order.id)).status], ['AUTO_REFILL_OUT_OF_STOCK', 'REJECTED'])
  // they would rather wait: then it is an order like any other
  const { autoRefill } = await decide(who.patient, 'confirmAutoRefill', { autoRefillId: id, totalMinor: 10_000 })
  const second = await orderOf(subgraph, support, autoRefill.order.id)
  await others.acceptFill(second, second.lines[0])
  await orderIn(subgraph, second.id, 'RX_CHECKED')
  await others.refuseStock(second, second.lines[0])
  await orderIn(subgraph, second.id, 'BACKORDERED')

  const refused = await enrolled()
  const blocked = await due(refused)
  const other = await placed(blocked)
  await others.blockFill(other, other.lines[0])
  await inStatus(blocked, 'ASKING')
  assert.equal((await rowOf(blocked))!.reason_code, 'LINE_BLOCKED')
  assert.ok(!provider.calls.some((call) => call.startsWith(other.id)), 'nothing was ever authorised')
})

test('S71 until its order is placed the patient skips it or changes its day; a caregiver who may order skips, nobody else does', async () => {
  const who = await enrolled()
  const id = await due(who)
  const rosa = actorWith('caregiver')
  const [viewer, stranger] = [actorWith('caregiver'), (await newCustomer(subgraph)).patient]
  for (const [subject, scopes] of [[rosa.subject, '{VIEW,ORDER}'], [viewer.subject, '{VIEW}']]) await sql(`insert into delegation_fact (id, patient_id, subject, scopes, fact_version) values ($1, $2, $3, $4, 1)`, [newId(), who.patientId, subject, scopes])
  for (const nobody of [viewer, stranger]) assert.equal((await decide(nobody, 'skipAutoRefill', { autoRefillId: id })).code, 'NOT_FOUND')
  assert.deepEqual([(await refillsOf(rosa, who.patientId))[0].allowedActions, (await refillsOf(viewer, who.patientId))[0].allowedActions, await refillsOf(stranger, who.patientId)], [['skip'], [], []])
  assert.equal((await refillsOf(rosa, who.patientId))[0].plan.paymentMethod, null)

  const later = await decide(who.patient, 'rescheduleAutoRefill', { autoRefillId: id, orderOn: addDays(today, 6) })
  assert.deepEqual([later.autoRefill.status, later.autoRefill.orderOn], ['SCHEDULED', addDays(today, 6)])
  for (const orderOn of [today, addDays(today, 31)]) assert.equal((await decide(who.patient, 'rescheduleAutoRefill', { autoRefillId: id, orderOn })).field, 'orderOn')
  assert.equal((await decide(rosa, 'confirmAutoRefill', { autoRefillId: id, totalMinor: 10_000 })).code, 'NOT_FOUND', 'the card is not hers')
  assert.equal((await decide(rosa, 'rescheduleAutoRefill', { autoRefillId: id, orderOn: addDays(today, 9) })).code, 'FORBIDDEN')
  assert.equal((await decide(rosa, 'skipAutoRefill', { autoRefillId: id })).autoRefill.status, 'SKIPPED')
  assert.equal((await decide(who.patient, 'skipAutoRefill', { autoRefillId: id })).autoRefill.status, 'SKIPPED')
  await onItsDay(id)
  assert.equal((await ordersFor(id)).length, 0)
  assert.equal((await decide(who.patient, 'confirmAutoRefill', { autoRefillId: id, totalMinor: 10_000 })).code, 'TRANSITION_REFUSED')
})

test('S71 what it builds on ends or changes in between: prescription, wish, patient; their own order, and a cancelled one', async () => {
  const ended = await enrolled()
  const first = await due(ended)
  await prescriptionChanged(ended, 'DISCONTINUED')
  assert.equal((await inStatus(first, 'WITHDRAWN')).reason_code, 'PRESCRIPTION_ENDED')

  const held = await enrolled()
  const second = await due(held)
  await prescriptionChanged(held, 'ON_HOLD')
  await factOf(held, 'ON_HOLD')
  await onItsDay(second)
  assert.deepEqual([(await rowOf(second))!.status, (await rowOf(second))!.reason_code], ['ASKING', 'PRESCRIPTION_ON_HOLD'])

  const depleted = await enrolled()
  const third = await due(depleted)
  await prescriptionChanged(depleted, 'DEPLETED')
  await factOf(depleted, 'DEPLETED')
  await onItsDay(third)
  assert.deepEqual([(await rowOf(third))!.status, (await rowOf(third))!.reason_code], ['WITHDRAWN', 'NO_REFILLS_LEFT'])

  const off = await enrolled()
  const fourth = await due(off)
  await requestChanged(off, fourth, 'CANCELLED', null, 'AUTO_REFILL_OFF')
  assert.equal((await inStatus(fourth, 'WITHDRAWN')).reason_code, 'AUTO_REFILL_OFF')

  // the wish was taken back while the order was on its way to prescriptions
  const crossed = await enrolled()
  const fifth = await due(crossed)
  const crossing = await placed(fifth)
  await requestChanged(crossed, fifth, 'CANCELLED')
  await orderIn(subgraph, crossing.id, 'REJECTED')

  const erased = await enrolled()
  const sixth = await due(erased)
  await subgraph.publish('patients.erasure-status-changed.v1', erased.patientId, { requestId: newId(), patientId: erased.patientId, from: 'RESTRICTED', to: 'ERASING', certificateHash: null })
  assert.equal((await inStatus(sixth, 'WITHDRAWN')).reason_code, 'PATIENT_ERASED')
  assert.equal((await sql('select 1 from auto_refill_plan where patient_id = $1', [erased.patientId])).length, 0)

  const eager = await enrolled()
  const seventh = await due(eager)
  const { cart } = await addToCart(subgraph, eager.patient, { prescriptionId: eager.prescriptionId })
  await checkout(subgraph, eager.patient, { cartId: cart.id, addressId: eager.addressId, idempotencyKey: newId() })
  await onItsDay(seventh)
  assert.deepEqual([(await rowOf(seventh))!.status, (await rowOf(seventh))!.reason_code, (await ordersFor(seventh)).length], ['WITHDRAWN', 'ORDERED_OTHERWISE', 0])

  const cancels = await enrolled()
  const eighth = await due(cancels)
  const order = await placed(eighth)
  await cancelOrder(subgraph, cancels.patient, { orderId: order.id })
  assert.equal((await inStatus(eighth, 'SKIPPED')).reason_code, 'PATIENT_ASKED')
})

test('S18 an automatic refill whose day went by without an order is counted for the operators', async () => {
  const metric = async () => /orders_stuck\{status="AUTO_REFILL_SCHEDULED"[^}]*\} (\d+)/.exec(await (await fetch(new URL('/metrics/saga', subgraph.url))).text())?.[1]
  const id = await due(await enrolled())
  await run(findStuckOrders)
  assert.equal(await metric(), '0')
  await sql('update auto_refill set order_on = $2 where id = $1', [id, addDays(today, -1)])
  await run(findStuckOrders)
  assert.equal(await metric(), '1')
  await run(placeAutoRefills)
  await inStatus(id, 'ORDERED')
  await run(findStuckOrders)
  assert.equal(await metric(), '0')
})

test('C2 C3 schedule II is never ordered this way, III to V only when the patient confirms each; the policy is dated rows with their source', async () => {
  const who = await enrolled({ deaSchedule: 'CIV' })
  const id = await due(who, { deaSchedule: 'CIV' })
  assert.equal((await rowOf(id))!.reason_code, 'CONFIRMATION_NEEDED')
  assert.equal((await decide(who.patient, 'confirmAutoRefill', { autoRefillId: id, totalMinor: 10_000 })).autoRefill.status, 'ORDERED')
  const narcotic = await enrolled({ deaSchedule: 'CII', arranged: false })
  assert.equal((await arrange(narcotic.patient, { prescriptionId: narcotic.prescriptionId, addressId: narcotic.addressId, paymentMethodId: narcotic.method, priceCeilingMinor: 5000 })).code, 'NOT_REFILLED')
  assert.deepEqual(['NONE', 'CI', 'CII', 'CIII', 'CIV', 'CV'].map((schedule) => autoRefillRowFor(schedule as 'NONE', today).does), ['ORDER', 'NEVER', 'NEVER', 'ASK', 'ASK', 'ASK'])
  assert.match(autoRefillRowFor('CII', today).source, /1306\.12/)
})

test('the order comes after the notice and in time for the run-out, never on the day of the notice', () => {
  assert.equal(orderDay('2026-12-01', '2026-12-08'), '2026-12-04')
  assert.equal(orderDay('2026-12-01', '2026-12-06'), '2026-12-03')
  assert.equal(orderDay('2026-12-01', '2026-12-02'), '2026-12-02')
  assert.equal(orderDay('2026-12-01', null), '2026-12-04')
})
