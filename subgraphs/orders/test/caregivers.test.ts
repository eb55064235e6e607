import { test } from 'node:test'
import assert from 'node:assert/strict'
import { newId, type Actor } from '@pharmagraph/platform'
import { actorWith, eventually } from '../../../tests/environment.ts'
import { addToCart, cancelOrder, checkout, holdByHand, newCustomer, newDrug, newPrescription, orderOf, payOrder, removeFromCart, support, testOrders } from './pharmacy.ts'

const { subgraph } = await testOrders({ background: true })

/** Says who may do what for the patient, as patients would. */
async function delegate(patientId: string, subject: string, scopes: ('VIEW' | 'ORDER' | 'MESSAGES')[], { delegationId = newId(), version = 1 } = {}): Promise<string> {
  await subgraph.publish('patients.delegation-changed.v1', delegationId, { delegationId, patientId, subject, scopes, version })
  await eventually(async () => (await subgraph.sql('select 1 from delegation_fact where id = $1 and fact_version = $2', [delegationId, version])).length === 1, { what: 'the delegation' })
  return delegationId
}
const cartFor = async (actor: Actor, patientId: string) => (await subgraph.data(actor, 'query ($patientId: ID) { cart(patientId: $patientId) { id lines { id problem { code } } } }', { patientId })).cart
const codeOf = async (answer: Promise<{ errors?: readonly { extensions?: { code?: string } }[]; data?: Record<string, { __typename: string; code?: string; field?: string } | null> | null }>): Promise<string> => {
  const { errors, data } = await answer
  const [outcome] = Object.values(data ?? {})
  return String(errors?.[0]?.extensions?.code ?? outcome?.field ?? outcome?.code ?? outcome?.__typename)
}
const attempt = (actor: Actor, name: string, input: object) => {
  const type = `${name[0]!.toUpperCase()}${name.slice(1)}Input`
  return codeOf(subgraph.graph(actor, `mutation ($input: ${type}!) { ${name}(input: $input) { __typename ... on Problem { code } ... on InvalidInput { field } } }`, { input }) as never)
}

test('S19 S46 who holds ORDER runs the checkout for the patient, from cart to cancellation; the order is the patient\'s, its history names the caregiver', async () => {
  const customer = await newCustomer(subgraph)
  const rosa = actorWith('caregiver')
  await delegate(customer.patientId, rosa.subject, ['VIEW', 'ORDER'])
  const prescriptionId = await newPrescription(subgraph, customer.patientId)
  const patientId = customer.patientId
  const { cart } = await addToCart(subgraph, rosa, { patientId, prescriptionId })
  assert.deepEqual((await cartFor(rosa, patientId)).lines.map(({ problem }: { problem: unknown }) => problem), [null])
  assert.equal((await cartFor(customer.patient, patientId)).id, cart.id)
  const extra = await addToCart(subgraph, rosa, { patientId, drugId: await newDrug(subgraph, { rxOnly: false }) })
  const line = extra.cart.lines.find(({ prescription }: { prescription: unknown }) => !prescription)
  assert.equal(await attempt(rosa, 'removeFromCart', { patientId, lineId: line.id }), 'CartPayload')
  const { order } = await checkout(subgraph, rosa, { patientId, cartId: cart.id, addressId: customer.addressId, idempotencyKey: newId() })
  assert.deepEqual([order.patient.id, order.lines.length, order.allowedActions], [patientId, 1, ['pay', 'cancel']])
  assert.equal(await attempt(rosa, 'payOrder', { orderId: order.id, paymentMethodId: 'pm_card_visa' }), 'OrderPayload')
  const { order: off } = await cancelOrder(subgraph, rosa, { orderId: order.id })
  assert.deepEqual([off.status, off.history.at(-1).actorRole, (await orderOf(subgraph, customer.patient, order.id)).statusReason.code], ['CANCELLED', 'caregiver', 'CAREGIVER_ASKED'])
})

test('S46 the matrix of verbs by scope: VIEW sees, ORDER orders as well, neither does anything for somebody else\'s patient', async () => {
  const customer = await newCustomer(subgraph)
  const other = await newCustomer(subgraph)
  const { patientId, addressId } = customer
  const drugId = await newDrug(subgraph, { rxOnly: false })
  const { cart } = await addToCart(subgraph, customer.patient, { drugId })
  const { order } = await checkout(subgraph, customer.patient, { cartId: cart.id, addressId, idempotencyKey: newId() })
  const { cart: open } = await addToCart(subgraph, customer.patient, { drugId })

  const callers = { none: actorWith('caregiver'), view: actorWith('caregiver'), messages: actorWith('caregiver'), others: actorWith('caregiver') }
  await delegate(patientId, callers.view.subject, ['VIEW'])
  await delegate(patientId, callers.messages.subject, ['VIEW', 'MESSAGES'])
  await delegate(other.patientId, callers.others.subject, ['VIEW', 'ORDER'])
  for (const [name, actor] of Object.entries(callers)) {
    const sees = name === 'view' || name === 'messages'
    const refusal = sees ? 'FORBIDDEN' : 'NOT_FOUND'
    assert.equal(await attempt(actor, 'addToCart', { patientId, drugId }), 'NOT_FOUND', `${name} addToCart`)
    assert.equal(await attempt(actor, 'removeFromCart', { patientId, lineId: open.lines[0].id }), 'NOT_FOUND', `${name} removeFromCart`)
    assert.equal(await attempt(actor, 'checkout', { patientId, cartId: open.id, addressId, idempotencyKey: newId() }), 'NOT_FOUND', `${name} checkout`)
    assert.equal(await attempt(actor, 'payOrder', { orderId: order.id, paymentMethodId: 'pm_card_visa' }), refusal, `${name} payOrder`)
    assert.equal(await attempt(actor, 'cancelOrder', { orderId: order.id }), refusal, `${name} cancelOrder`)
    assert.equal(await attempt(actor, 'requestReturn', { orderId: order.id, orderLineIds: [order.lines[0].id], cause: 'DAMAGED', idempotencyKey: 'r' }), refusal, `${name} requestReturn`)
    assert.equal(await cartFor(actor, patientId), null, `${name} cart`)
    const seen = await orderOf(subgraph, actor, order.id)
    assert.deepEqual(seen && [seen.allowedActions, seen.payment.clientSecret], sees ? [[], null] : null, `${name} order`)
  }
  // a cart named for the wrong patient is nobody's
  assert.equal(await attempt(callers.others, 'checkout', { patientId: other.patientId, cartId: open.id, addressId, idempotencyKey: newId() }), 'cartId')
  assert.equal(await attempt(callers.others, 'addToCart', { patientId: 'x', drugId }), 'patientId')
  assert.equal((await orderOf(subgraph, support, order.id)).status, 'RX_CHECKED')
})

test('S46 a withdrawal stops the caregiver at once, and an older telling that comes late does not bring it back', async () => {
  const customer = await newCustomer(subgraph)
  const rosa = actorWith('caregiver')
  const delegationId = await delegate(customer.patientId, rosa.subject, ['VIEW', 'ORDER'])
  const drugId = await newDrug(subgraph, { rxOnly: false })
  const { cart } = await addToCart(subgraph, rosa, { patientId: customer.patientId, drugId })
  const placed = await checkout(subgraph, rosa, { patientId: customer.patientId, cartId: cart.id, addressId: customer.addressId, idempotencyKey: newId() })
  assert.deepEqual(placed.order.allowedActions, ['pay', 'cancel'])
  await delegate(customer.patientId, rosa.subject, [], { delegationId, version: 2 })
  await subgraph.publish('patients.delegation-changed.v1', delegationId, { delegationId, patientId: customer.patientId, subject: rosa.subject, scopes: ['VIEW', 'ORDER'], version: 1 })
  for (const [name, input] of [['addToCart', { patientId: customer.patientId, drugId }], ['payOrder', { orderId: placed.order.id, paymentMethodId: 'pm_card_visa' }], ['cancelOrder', { orderId: placed.order.id }]] as const) {
    assert.equal(await attempt(rosa, name, input), 'NOT_FOUND', name)
  }
  assert.equal(await orderOf(subgraph, rosa, placed.order.id), null)
})

test('S46 S63 payment methods stay with whom saved them; what a caregiver does is on record as theirs', async () => {
  const customer = await newCustomer(subgraph)
  const daughter = { ...actorWith('caregiver', { patientId: newId() }), roles: ['patient', 'caregiver'] as const } satisfies Actor
  await delegate(customer.patientId, daughter.subject, ['VIEW', 'ORDER'])
  for (const [id, owner] of [['pm_of_patient', customer.patientId], ['pm_of_daughter', daughter.patientId]]) {
    await subgraph.sql(`insert into saved_method (id, patient_id, brand, last4, exp_month, exp_year, added_at) values ($1, $2, 'visa', '4242', 12, 2099, now())`, [id, owner])
    await subgraph.sql('insert into payment_customer (patient_id, provider_id, created_at) values ($1, $2, now())', [owner, `cus_${owner}`])
  }
  const drugId = await newDrug(subgraph, { rxOnly: false })
  const { cart } = await addToCart(subgraph, daughter, { patientId: customer.patientId, drugId })
  const order = (paymentMethodId: string) => checkout(subgraph, daughter, { patientId: customer.patientId, cartId: cart.id, addressId: customer.addressId, idempotencyKey: newId(), paymentMethodId })
  assert.equal((await order('pm_of_patient')).field, 'paymentMethodId')
  const { order: placed } = await order('pm_of_daughter')
  assert.equal(placed.patient.id, customer.patientId)
  assert.equal((await payOrder(subgraph, daughter, { orderId: placed.id, paymentMethodId: 'pm_of_patient' })).field, 'paymentMethodId')
  assert.equal((await payOrder(subgraph, customer.patient, { orderId: placed.id, paymentMethodId: 'pm_of_daughter' })).field, 'paymentMethodId')

  await holdByHand(subgraph, placed.id)
  const { order: off } = await cancelOrder(subgraph, daughter, { orderId: placed.id })
  assert.deepEqual([off.status, off.statusReason.code], ['CANCELLED', 'CAREGIVER_ASKED'])
  const told = await subgraph.sql<{ type: string; actor: string }>(`select type, actor from outbox where subject = $1 and type in ('orders.order-placed.v1', 'orders.order-cancelled.v1') order by position`, [placed.id])
  assert.deepEqual(told.map(({ type, actor }) => [type, actor]), [['orders.order-placed.v1', daughter.subject], ['orders.order-cancelled.v1', daughter.subject]])
})
