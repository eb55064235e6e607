import { test } from 'node:test'
import assert from 'node:assert/strict'
import { anonymous, newId } from '@pharmagraph/platform'
import { actorWith } from '../../../tests/environment.ts'
import { addToCart, cancelOrder, cartOf, checkout, newCustomer, newDrug, newPrescription, orderOf, payOrder, placeOrder, refundOrder, removeFromCart, support, testOrders } from './pharmacy.ts'

const { subgraph } = await testOrders()

test('a caller without an actor token is refused', async () => {
  const answer = await subgraph.graph(anonymous, '{ cart { id } }')
  assert.equal(answer.errors?.[0]?.extensions['code'], 'UNAUTHENTICATED')
})

test('a cart holds prescriptions at their quantity and over-the-counter drugs by packages, at prices of today', async () => {
  const { patient, patientId } = await newCustomer(subgraph)
  assert.equal(await cartOf(subgraph, patient), null)
  const prescriptionId = await newPrescription(subgraph, patientId, { drugId: await newDrug(subgraph, { priceMinor: 1205 }) })
  const drugId = await newDrug(subgraph, { rxOnly: false, packageSize: 24, priceMinor: 799 })
  await addToCart(subgraph, patient, { prescriptionId })
  await addToCart(subgraph, patient, { prescriptionId })
  await addToCart(subgraph, patient, { drugId })
  const { cart } = await addToCart(subgraph, patient, { drugId, packages: 2 })
  assert.deepEqual(cart.lines.map(({ quantity, lineTotal }: { quantity: number; lineTotal: { amountMinor: number } }) => [quantity, lineTotal.amountMinor]), [[30, 362], [72, 2397]])
  assert.equal(cart.subtotal.amountMinor, 2759)
  assert.deepEqual(cart.lines.map(({ problem }: { problem: unknown }) => problem), [null, null])

  await subgraph.sql('update drug_fact set price_minor = 899 where id = $1', [drugId])
  assert.equal((await cartOf(subgraph, patient)).subtotal.amountMinor, 362 + 2697)
  const emptied = await removeFromCart(subgraph, patient, cart.lines[1].id)
  assert.equal(emptied.cart.lines.length, 1)
  assert.equal((await removeFromCart(subgraph, patient, cart.lines[1].id)).field, 'lineId')
})

test('what may not be ordered is refused with a code and a sentence, what is not known yet as well', async () => {
  const { patient, patientId } = await newCustomer(subgraph)
  const other = await newCustomer(subgraph)
  const cases: [string, object][] = [
    ['PRESCRIPTION_REQUIRED', { drugId: await newDrug(subgraph) }],
    ['PRESCRIPTION_REQUIRED', { drugId: await newDrug(subgraph, { rxOnly: false, deaSchedule: 'CV' }) }],
    ['NOT_DISPENSABLE', { drugId: await newDrug(subgraph, { rxOnly: false, deaSchedule: 'CI' }) }],
    ['DRUG_NOT_KNOWN', { drugId: newId() }],
    ['PRESCRIPTION_NOT_KNOWN', { prescriptionId: newId() }],
    ['PRESCRIPTION_NOT_KNOWN', { prescriptionId: await newPrescription(subgraph, other.patientId) }],
    ['PRESCRIPTION_IN_REVIEW', { prescriptionId: await newPrescription(subgraph, patientId, { status: 'CLINICAL_REVIEW' }) }],
    ['PRESCRIPTION_ENDED', { prescriptionId: await newPrescription(subgraph, patientId, { status: 'DISCONTINUED' }) }],
    ['NO_REFILLS_LEFT', { prescriptionId: await newPrescription(subgraph, patientId, { status: 'DEPLETED' }) }],
    ['PRESCRIPTION_EXPIRED', { prescriptionId: await newPrescription(subgraph, patientId, { expiryDate: '2020-01-01' }) }],
    ['DRUG_NOT_KNOWN', { prescriptionId: await newPrescription(subgraph, patientId, { drugId: newId() }) }],
  ]
  for (const [code, input] of cases) {
    const answer = await addToCart(subgraph, patient, input)
    assert.deepEqual([answer.__typename, answer.code, answer.reason?.code], ['NotOrderable', code, code], code)
    assert.match(answer.message, /^[A-Z].*\.$/)
  }
  for (const [field, input] of [['drugId', {}], ['drugId', { drugId: 'x' }], ['prescriptionId', { prescriptionId: 'x' }], ['drugId', { prescriptionId: newId(), drugId: newId() }], ['packages', { drugId: newId(), packages: 0 }]] as const) {
    const answer = await addToCart(subgraph, patient, input)
    assert.deepEqual([answer.__typename, answer.field], ['InvalidInput', field])
  }
})

test('a line that went bad in the cart says so, and the checkout is refused for it', async () => {
  const { patient, patientId, addressId } = await newCustomer(subgraph)
  const prescriptionId = await newPrescription(subgraph, patientId)
  const { cart } = await addToCart(subgraph, patient, { prescriptionId })
  await subgraph.sql(`update prescription_fact set status = 'ON_HOLD' where id = $1`, [prescriptionId])
  assert.equal((await cartOf(subgraph, patient)).lines[0].problem.code, 'PRESCRIPTION_ON_HOLD')
  const answer = await checkout(subgraph, patient, { cartId: cart.id, addressId, idempotencyKey: newId() })
  assert.deepEqual([answer.__typename, answer.reason.code], ['NotOrderable', 'PRESCRIPTION_ON_HOLD'])
})

test('S28 twenty clicks at once make one cart and one line', async () => {
  const { patient, patientId } = await newCustomer(subgraph)
  const prescriptionId = await newPrescription(subgraph, patientId)
  const answers = await Promise.all(Array.from({ length: 20 }, () => addToCart(subgraph, patient, { prescriptionId })))
  assert.deepEqual([...new Set(answers.map(({ cart }) => cart.id))].length, 1)
  assert.equal((await cartOf(subgraph, patient)).lines.length, 1)
})

test('S34 S64 checkout freezes prices, taxes what is taxed, ships free above 35 dollars, and gives a number people can read', async () => {
  const customer = await newCustomer(subgraph, { state: 'CA' })
  const drugId = await newDrug(subgraph, { rxOnly: false, packageSize: 24, priceMinor: 799 })
  const rx = await newDrug(subgraph, { priceMinor: 12_000 })
  await addToCart(subgraph, customer.patient, { prescriptionId: await newPrescription(subgraph, customer.patientId, { drugId: rx }) })
  const { cart } = await addToCart(subgraph, customer.patient, { drugId })
  const { order } = await checkout(subgraph, customer.patient, { cartId: cart.id, addressId: customer.addressId, idempotencyKey: newId() })
  await subgraph.sql('update drug_fact set price_minor = 1 where id = any($1)', [[drugId, rx]])

  const kept = await orderOf(subgraph, customer.patient, order.id)
  assert.match(kept.number, /^PG-[0-9A-Z]{4}-[0-9A-Z]{4}$/)
  assert.equal(kept.subtotal.amountMinor, 3600 + 799)
  assert.equal(kept.tax.amountMinor, 58) // 7.25 % of 7.99, none on the prescription
  assert.equal(kept.shipping.amountMinor, 0)
  assert.deepEqual(kept.totalAmount, { amountMinor: 3600 + 799 + 58, currency: 'USD' })
  assert.deepEqual([kept.payment.amount.amountMinor, kept.paymentStatus], [3600 + 799 + 58, 'NOT_STARTED'])
  assert.deepEqual([kept.patient.id, kept.shippingAddress.id], [customer.patientId, customer.addressId])
  assert.deepEqual(kept.lines.map(({ status }: { status: string }) => status), ['PENDING', 'ACCEPTED'])
  assert.equal(await cartOf(subgraph, customer.patient), null)
  assert.deepEqual(kept.statusReason.code, 'PRESCRIPTION_CHECK')
  const [placed] = (await subgraph.emitted('orders.order-placed.v1')).filter(({ orderId }) => orderId === order.id)
  assert.deepEqual(placed?.lines.map(({ prescriptionId }) => prescriptionId === null), [false, true])
})

test('S34 the same key gives the same order, even at once; with another input it is an error', async () => {
  const { patient, patientId, addressId } = await newCustomer(subgraph)
  const { cart } = await addToCart(subgraph, patient, { prescriptionId: await newPrescription(subgraph, patientId) })
  const input = { cartId: cart.id, addressId, idempotencyKey: 'click-1' }
  const answers = await Promise.all(Array.from({ length: 10 }, () => checkout(subgraph, patient, input)))
  assert.equal(new Set(answers.map(({ order }) => order.id)).size, 1)
  const other = await checkout(subgraph, patient, { ...input, paymentMethodId: 'pm_card_visa' })
  assert.deepEqual([other.__typename, other.field], ['InvalidInput', 'idempotencyKey'])
  const again = await checkout(subgraph, patient, { ...input, idempotencyKey: 'click-2' })
  assert.deepEqual([again.__typename, again.code], ['NotOrderable', 'CART_CHECKED_OUT'])
})

test('checkout needs consent to dispense, an address of the patient that can be delivered to, and something in the cart', async () => {
  const bare = await newCustomer(subgraph, { consent: false })
  const { cart } = await addToCart(subgraph, bare.patient, { prescriptionId: await newPrescription(subgraph, bare.patientId) })
  const tryWith = (input: object) => checkout(subgraph, bare.patient, { cartId: cart.id, addressId: bare.addressId, idempotencyKey: newId(), ...input })
  assert.equal((await tryWith({})).code, 'CONSENT_MISSING')
  assert.equal((await tryWith({ addressId: newId() })).code, 'ADDRESS_NOT_KNOWN')
  assert.equal((await tryWith({ addressId: (await newCustomer(subgraph)).addressId })).code, 'ADDRESS_NOT_KNOWN')
  await subgraph.sql(`update address_fact set deliverability = 'UNDELIVERABLE' where id = $1`, [bare.addressId])
  assert.equal((await tryWith({})).code, 'ADDRESS_UNDELIVERABLE')
  assert.equal((await tryWith({ cartId: newId() })).field, 'cartId')
  assert.equal((await tryWith({ paymentMethodId: 'tok_visa' })).field, 'paymentMethodId')

  const otc = await newCustomer(subgraph, { consent: false })
  const bought = await addToCart(subgraph, otc.patient, { drugId: await newDrug(subgraph, { rxOnly: false }) })
  await removeFromCart(subgraph, otc.patient, bought.cart.lines[0].id)
  assert.equal((await checkout(subgraph, otc.patient, { cartId: bought.cart.id, addressId: otc.addressId, idempotencyKey: newId() })).code, 'CART_EMPTY')
})

test('S53 card data is refused in every mutation before anything is done', async () => {
  const { patient } = await newCustomer(subgraph)
  const number = '4242 4242 4242 4242'
  const answers = [
    await addToCart(subgraph, patient, { drugId: number }),
    await removeFromCart(subgraph, patient, number),
    await checkout(subgraph, patient, { cartId: newId(), addressId: newId(), idempotencyKey: newId(), paymentMethodId: number }),
    await payOrder(subgraph, patient, { orderId: newId(), paymentMethodId: number.replaceAll(' ', '') }),
    await cancelOrder(subgraph, patient, { orderId: newId(), reason: `charge ${number}` }),
    await refundOrder(subgraph, support, { orderId: newId(), amountMinor: 1, reason: `to ${number}`, idempotencyKey: newId() }),
  ]
  for (const answer of answers) {
    assert.deepEqual([answer.__typename, answer.code], ['InvalidInput', 'CARD_DATA_REFUSED'])
    assert.ok(!JSON.stringify(answer).includes('4242'))
  }
})

test('S28 an order is for its patient and the staff; to others it is not there', async () => {
  const { order, patient } = await placeOrder(subgraph)
  const reference = async (actor: typeof patient) =>
    (await subgraph.data(actor, 'query ($r: [_Any!]!) { _entities(representations: $r) { ... on Order { id number } } }', { r: [{ __typename: 'Order', id: order.id }] }))._entities
  for (const actor of [patient, support, actorWith('caregiver', { patientId: order.patient.id })]) {
    assert.equal((await orderOf(subgraph, actor, order.id)).id, order.id)
    assert.equal((await reference(actor))[0].number, order.number)
  }
  for (const actor of [(await newCustomer(subgraph)).patient, actorWith('patient'), actorWith('driver'), actorWith('partner'), actorWith('prescriber')]) {
    assert.equal(await orderOf(subgraph, actor, order.id), null)
    assert.deepEqual(await reference(actor), [null])
    const orders = await subgraph.data(actor, 'query ($r: [_Any!]!) { _entities(representations: $r) { ... on Patient { orders { nodes { id } } } } }', { r: [{ __typename: 'Patient', id: order.patient.id }] })
    assert.deepEqual(orders._entities[0].orders.nodes, [])
    const cancelled = await subgraph.graph(actor, 'mutation ($id: ID!) { cancelOrder(input: { orderId: $id }) { __typename } }', { id: order.id })
    assert.equal(cancelled.errors?.[0]?.extensions['code'], 'NOT_FOUND')
  }
  assert.equal(await orderOf(subgraph, patient, 'nonsense'), null)
  const list = await subgraph.graph(patient, '{ orders { nodes { id } } }')
  assert.equal(list.errors?.[0]?.extensions['code'], 'FORBIDDEN')
  const refund = await subgraph.graph(patient, 'mutation ($id: ID!) { refundOrder(input: { orderId: $id, amountMinor: 1, reason: "x", idempotencyKey: "k" }) { __typename } }', { id: order.id })
  assert.equal(refund.errors?.[0]?.extensions['code'], 'FORBIDDEN')
})

test('S19 a caregiver sees the orders of the patient for as long as the delegation lets them look', async () => {
  const { order, patientId } = await placeOrder(subgraph)
  const rosa = actorWith('caregiver')
  const look = async () => (await subgraph.data(rosa, 'query ($id: ID!, $r: [_Any!]!) { order(id: $id) { id } _entities(representations: $r) { ... on Patient { orders { nodes { id } } } } }', { id: order.id, r: [{ __typename: 'Patient', id: patientId }] }))
  assert.deepEqual(await look(), { order: null, _entities: [{ orders: { nodes: [] } }] })
  const id = newId()
  await subgraph.sql(`insert into delegation_fact (id, patient_id, subject, scopes, fact_version) values ($1, $2, $3, '{VIEW}', 1)`, [id, patientId, rosa.subject])
  assert.deepEqual(await look(), { order: { id: order.id }, _entities: [{ orders: { nodes: [{ id: order.id }] } }] })
  await subgraph.sql(`update delegation_fact set scopes = '{}' where id = $1`, [id])
  assert.equal((await look()).order, null)
})

test('what people wrote and the client secret are sealed in the database; the secret is for the patient alone', async () => {
  const { order, patient } = await placeOrder(subgraph)
  await cancelOrder(subgraph, patient, { orderId: order.id, reason: 'I had a bad rash from it' })
  const [row] = await subgraph.sql<{ note_sealed: string }>('select note_sealed from customer_order where id = $1', [order.id])
  assert.ok(row && !row.note_sealed.includes('rash'))
  const events = await subgraph.sql<{ data: object }>('select data from outbox where subject = $1', [order.id])
  assert.ok(!JSON.stringify(events).includes('rash'))
  const seen = await orderOf(subgraph, support, order.id)
  assert.equal(seen.history.at(-1).reason, 'I had a bad rash from it')
  assert.equal(seen.statusReason.code, 'PATIENT_ASKED')
  assert.deepEqual(seen.lines.map(({ status }: { status: string }) => status), ['CANCELLED'])
})

test('what the lifecycle does not permit is refused with what it does', async () => {
  const { order, patient } = await placeOrder(subgraph)
  assert.deepEqual(order.allowedActions, ['pay', 'cancel'])
  assert.deepEqual((await orderOf(subgraph, support, order.id)).allowedActions, ['cancel'])
  await cancelOrder(subgraph, patient, { orderId: order.id })
  const again = await cancelOrder(subgraph, patient, { orderId: order.id })
  assert.deepEqual([again.__typename, again.code, again.allowed], ['TransitionRefused', 'TRANSITION_REFUSED', []])
  const refund = await refundOrder(subgraph, support, { orderId: order.id, amountMinor: 1, reason: 'x', idempotencyKey: 'k' })
  assert.equal(refund.__typename, 'TransitionRefused')
})

test('refunds together stay within what was captured, and one key is one refund', async () => {
  const { order } = await placeOrder(subgraph, { otc: true })
  const total = order.totalAmount.amountMinor
  await subgraph.sql(`update payment set status = 'CAPTURED', captured_minor = amount_minor, intent_id = $2 where order_id = $1`, [order.id, `pi_${order.id}`])
  await subgraph.sql(`update customer_order set status = 'DELIVERED', payment_status = 'CAPTURED' where id = $1`, [order.id])
  const refund = (amountMinor: number, idempotencyKey: string) => refundOrder(subgraph, support, { orderId: order.id, amountMinor, reason: 'damaged', idempotencyKey })
  assert.equal((await refund(total + 1, 'a')).field, 'amountMinor')
  assert.equal((await refund(0, 'a')).field, 'amountMinor')
  await refund(100, 'k0')
  await refund(100, 'k0')
  const third = Math.ceil(total / 3)
  const answers = await Promise.all(Array.from({ length: 8 }, (_, i) => refund(third, `k${i + 1}`)))
  assert.equal(answers.filter(({ __typename }) => __typename === 'OrderPayload').length, 2)
  assert.equal((await refund(1, 'k0')).field, 'idempotencyKey')
  const promised = await subgraph.sql<{ sum: number }>('select sum(amount_minor)::int as sum from refund where order_id = $1', [order.id])
  assert.equal(promised[0]!.sum, 100 + 2 * third)
  const { order: all } = await refund(total - promised[0]!.sum, 'rest')
  assert.equal(all.status, 'REFUND_PENDING')
})

test('S28 patients page through their orders, newest first, and staff through all of a status', async () => {
  const customer = await newCustomer(subgraph)
  const placed: string[] = []
  for (let i = 0; i < 3; i++) {
    const { cart } = await addToCart(subgraph, customer.patient, { drugId: await newDrug(subgraph, { rxOnly: false }) })
    placed.unshift((await checkout(subgraph, customer.patient, { cartId: cart.id, addressId: customer.addressId, idempotencyKey: newId() })).order.id)
  }
  const page = async (after?: string) =>
    (await subgraph.data(customer.patient, `query ($r: [_Any!]!, $after: String) { _entities(representations: $r) { ... on Patient { orders(first: 2, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } } } } }`, { r: [{ __typename: 'Patient', id: customer.patientId }], after }))._entities[0].orders
  const first = await page()
  const second = await page(first.pageInfo.endCursor)
  assert.deepEqual([...first.nodes, ...second.nodes].map(({ id }) => id), placed)
  assert.deepEqual([first.pageInfo.hasNextPage, second.pageInfo.hasNextPage], [true, false])
  const { orders } = await subgraph.data(support, '{ orders(status: RX_CHECKED, first: 3) { nodes { id status } } }')
  assert.deepEqual(orders.nodes.map(({ id }: { id: string }) => id), placed)
})

test('a hundred references, with lines, payment, history and reasons, cost a handful of SQL statements', async () => {
  const seed: Awaited<ReturnType<typeof placeOrder>>[] = []
  for (let i = 0; i < 8; i++) seed.push(await placeOrder(subgraph))
  for (const { order, patient } of seed.slice(0, 4)) await cancelOrder(subgraph, patient, { orderId: order.id, reason: 'changed my mind' })
  const representations = Array.from({ length: 100 }, (_, i) => ({ __typename: 'Order', id: seed[i % seed.length]!.order.id }))
  const patients = seed.map(({ patientId }) => ({ __typename: 'Patient', id: patientId }))
  const statements = await subgraph.countSql(async () => {
    const { _entities } = await subgraph.data(support, `query ($r: [_Any!]!) { _entities(representations: $r) {
      ... on Order { id statusReason { message } allowedActions history { reason } payment { status clientSecret } lines { id lineTotal { amountMinor } } }
      ... on Patient { orders { nodes { id lines { id } payment { status } } } } } }`, { r: [...representations, ...patients] })
    assert.equal(_entities.length, 108)
    assert.equal(_entities[0].history.at(-1).reason, 'changed my mind')
  })
  assert.ok(statements <= 10, `${statements} statements`)
})
