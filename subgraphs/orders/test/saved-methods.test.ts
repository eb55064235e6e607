import { test } from 'node:test'
import assert from 'node:assert/strict'
import { newId, type Actor } from '@pharmagraph/platform'
import { eventually } from '../../../tests/environment.ts'
import { addToCart, checkout, neighbours, newCustomer, newDrug, orderIn, support } from './pharmacy.ts'
import { ordersWithStripe } from './stripe.ts'

const { subgraph, sandbox } = await ordersWithStripe()
const others = neighbours(subgraph)

const save = async (actor: Actor, paymentMethodId: string) =>
  (await subgraph.data(actor, `mutation ($input: SavePaymentMethodInput!) { savePaymentMethod(input: $input) { __typename ... on PaymentMethodPayload { paymentMethod { id brand last4 expYear } }
    ... on PaymentMethodSetup { id nextActionUrl } ... on Problem { code message } ... on InvalidInput { field } } }`, { input: { paymentMethodId } })).savePaymentMethod
const kept = async (actor: Actor) => (await subgraph.data(actor, '{ paymentMethods { id brand last4 } }')).paymentMethods as { id: string; brand: string; last4: string }[]
async function order({ patient, addressId }: { patient: Actor; addressId: string }, paymentMethodId: string) {
  const { cart } = await addToCart(subgraph, patient, { drugId: await newDrug(subgraph, { rxOnly: false }) })
  return checkout(subgraph, patient, { cartId: cart.id, addressId, idempotencyKey: newId(), paymentMethodId })
}

test('S63 a card is kept by its id, shown by its last digits, pays later orders, and is gone when it is removed', async () => {
  const customer = await newCustomer(subgraph)
  const saved = await save(customer.patient, 'pm_card_visa')
  assert.deepEqual([saved.__typename, saved.paymentMethod.brand, saved.paymentMethod.last4], ['PaymentMethodPayload', 'visa', '4242'])
  assert.deepEqual(await kept(customer.patient), [{ id: saved.paymentMethod.id, brand: 'visa', last4: '4242' }])
  const { order: placed } = await order(customer, saved.paymentMethod.id)
  await others.holdStock(placed)
  await orderIn(subgraph, placed.id, 'PAYMENT_CAPTURED')

  const stranger = await newCustomer(subgraph)
  assert.deepEqual(await kept(stranger.patient), [])
  assert.equal((await order(stranger, saved.paymentMethod.id)).field, 'paymentMethodId')
  const remove = async (actor: Actor) => (await subgraph.data(actor, 'mutation ($id: String!) { removePaymentMethod(input: { paymentMethodId: $id }) { __typename ... on InvalidInput { field } } }', { id: saved.paymentMethod.id })).removePaymentMethod
  assert.equal((await remove(stranger.patient)).field, 'paymentMethodId')
  assert.equal((await remove(customer.patient)).__typename, 'RemovedPaymentMethod')
  assert.deepEqual(await kept(customer.patient), [])
  assert.equal((await order(customer, saved.paymentMethod.id)).field, 'paymentMethodId')
})

test('S63 a card whose bank wants to see the patient is kept after that, by the webhook; a refused one is not', async () => {
  const customer = await newCustomer(subgraph)
  const asked = await save(customer.patient, 'pm_card_authenticationRequiredOnSetup')
  assert.equal(asked.__typename, 'PaymentMethodSetup')
  assert.deepEqual(await kept(customer.patient), [])
  await fetch(asked.nextActionUrl, { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'outcome=complete', redirect: 'manual' })
  const [method] = await eventually(async () => { const found = await kept(customer.patient); return found.length === 1 && found }, { what: 'the card kept' })
  assert.equal(method!.last4, '3155')
  const refused = await save(customer.patient, 'pm_card_chargeDeclined')
  assert.deepEqual([refused.__typename, refused.code], ['PaymentMethodRefused', 'GENERIC_DECLINE'])
  assert.equal((await save(customer.patient, '4242424242424242')).code, 'CARD_DATA_REFUSED')

  // set up once, it is charged without the patient: as a refill that is sent of itself
  const { order: placed } = await order(customer, method!.id)
  await subgraph.sql('update payment_attempt set off_session = true where payment_id = (select id from payment where order_id = $1)', [placed.id])
  await others.holdStock(placed)
  await orderIn(subgraph, placed.id, 'PAYMENT_CAPTURED')
})

test('S63 the webhook about a method may come in the same moment as the answer to the patient: it is kept once, and nobody sees an error', async () => {
  const customer = await newCustomer(subgraph)
  await save(customer.patient, 'pm_card_visa')
  const saved = await Promise.all(Array.from({ length: 4 }, () => save(customer.patient, 'pm_card_mastercard')))
  assert.deepEqual(saved.map(({ __typename }) => __typename), saved.map(() => 'PaymentMethodPayload'))
  assert.equal((await kept(customer.patient)).length, 2)
})

test('S63 for the browser there is a secret, and a method named there is kept when Stripe says so', async () => {
  const customer = await newCustomer(subgraph)
  const start = async () => (await subgraph.data(customer.patient, 'mutation { startPaymentMethodSetup(input: { idempotencyKey: "k" }) { id clientSecret } }')).startPaymentMethodSetup
  const setup = await start()
  assert.equal((await start()).id, setup.id)
  const confirmed = await fetch(`${sandbox.url}/v1/setup_intents/${setup.id}/confirm`, {
    method: 'POST', headers: { authorization: 'Bearer pk_test_local', 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ client_secret: setup.clientSecret, payment_method: 'pm_card_mastercard', return_url: 'http://127.0.0.1/' }),
  })
  assert.equal(confirmed.status, 200, await confirmed.text())
  await eventually(async () => (await kept(customer.patient)).length === 1, { what: 'the card kept' })
  const rows = await subgraph.sql('select * from saved_method')
  assert.ok(!/\d{13,}/.test(JSON.stringify(rows.map(({ patient_id: _id, ...row }) => row))))
  assert.equal((await subgraph.graph(support, '{ paymentMethods { id } }')).data?.paymentMethods?.length ?? 0, 0)
})

test('S46 S63 a caregiver pays for the patient with the card they saved themselves, under the customer it belongs to', async () => {
  const parent = await newCustomer(subgraph)
  const { patient: own, patientId } = await newCustomer(subgraph)
  const daughter: Actor = { ...own, roles: ['patient', 'caregiver'] }
  await subgraph.sql(`insert into delegation_fact (id, patient_id, subject, scopes, fact_version) values ($1, $2, $3, '{VIEW,ORDER}', 1)`, [newId(), parent.patientId, daughter.subject])
  const [parents, daughters] = [await save(parent.patient, 'pm_card_visa'), await save(daughter, 'pm_card_mastercard')]
  assert.notEqual(parents.paymentMethod.id, daughters.paymentMethod.id)
  const { cart } = await addToCart(subgraph, daughter, { patientId: parent.patientId, drugId: await newDrug(subgraph, { rxOnly: false }) })
  const input = { patientId: parent.patientId, cartId: cart.id, addressId: parent.addressId, idempotencyKey: newId() }
  assert.equal((await checkout(subgraph, daughter, { ...input, paymentMethodId: parents.paymentMethod.id })).field, 'paymentMethodId')
  const { order: placed } = await checkout(subgraph, daughter, { ...input, paymentMethodId: daughters.paymentMethod.id })
  await others.holdStock(placed)
  await orderIn(subgraph, placed.id, 'PAYMENT_CAPTURED')
  const [intent] = await subgraph.sql<{ intent_id: string }>('select intent_id from payment where order_id = $1', [placed.id])
  const told = (await (await fetch(`${sandbox.url}/v1/payment_intents/${intent!.intent_id}`, { headers: { authorization: 'Bearer sk_test_local' } })).json()) as { customer: string }
  const [customer] = await subgraph.sql<{ provider_id: string }>('select provider_id from payment_customer where patient_id = $1', [patientId])
  assert.equal(told.customer, customer!.provider_id)
})
