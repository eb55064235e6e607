import { test } from 'node:test'
import assert from 'node:assert/strict'
import { newId } from '@pharmagraph/platform'
import { eventually } from '../../../tests/environment.ts'
import { returnRowFor, returnRows } from '../src/policies/returns.ts'
import { neighbours, orderIn, orderOf, placeOrder, support, testOrders } from './pharmacy.ts'

const { subgraph, provider } = await testOrders({ background: true })
const others = neighbours(subgraph)
const fields = 'id status cause amount { amountMinor } lines { id } note allowedActions'
const mutate = async (actor: typeof support, name: string, type: string, input: object) =>
  (await subgraph.data(actor, `mutation ($input: ${type}!) { ${name}(input: $input) { __typename ... on ReturnPayload { return { ${fields} } } ... on Problem { code message } ... on InvalidInput { field } } }`, { input }))[name]
const requestReturn = (actor: typeof support, input: object) => mutate(actor, 'requestReturn', 'RequestReturnInput', { idempotencyKey: newId(), ...input })
const returnsOf = async (id: string) => (await subgraph.data(support, `query ($id: ID!) { order(id: $id) { returns { ${fields} } } }`, { id })).order.returns

async function delivered(otc: boolean) {
  const placed = await placeOrder(subgraph, { otc })
  const { order } = placed
  if (!otc) await others.acceptFill(order, order.lines[0])
  await others.holdStock(order)
  if (!otc) {
    await orderIn(subgraph, order.id, 'AWAITING_PHARMACIST')
    await others.releaseFill(order, order.lines[0])
  }
  await orderIn(subgraph, order.id, 'PAYMENT_CAPTURED')
  return placed
}

test('a refused parcel comes back: the goods are refunded by the policy, the shipping is not, and nothing goes back on sale', async () => {
  const { order } = await delivered(true)
  await others.moveShipment(order, 'OUT_FOR_DELIVERY')
  await others.moveShipment(order, 'RETURNED', 'REFUSED')
  await eventually(async () => (await returnsOf(order.id))[0]?.status === 'SETTLED', { what: 'the return settled' })
  const [back] = await returnsOf(order.id)
  const goods = order.subtotal.amountMinor + order.tax.amountMinor
  assert.deepEqual([back.cause, back.amount.amountMinor], ['REFUSED', goods])
  assert.equal(provider.intentOf(order.id).refundedMinor, goods)
  assert.ok(returnRows.every(({ source }) => source.includes('460.300')))
})

test('a parcel that the pharmacy stopped for a recall is refunded whole, shipping and all, once', async () => {
  const { order } = await delivered(true)
  for (const _ of [1, 2]) await others.moveShipment(order, 'CANCELLED', 'STOCK_RECALLED')
  await orderIn(subgraph, order.id, 'REFUNDED')
  const returns = await returnsOf(order.id)
  assert.deepEqual(returns.map(({ cause, amount }: { cause: string; amount: { amountMinor: number } }) => [cause, amount.amountMinor]), [['RECALLED', order.totalAmount.amountMinor]])
})

test('a dispensed medicine is not taken back for a change of mind; a damaged one is the staff to decide, who may give less', async () => {
  const { order, patient } = await delivered(false)
  const input = { orderId: order.id, orderLineIds: [order.lines[0].id] }
  assert.equal((await requestReturn(patient, { ...input, cause: 'DAMAGED' })).code, 'NOT_DELIVERED')
  await others.moveShipment(order, 'DELIVERED')
  await orderIn(subgraph, order.id, 'DELIVERED')
  assert.equal((await requestReturn(patient, { ...input, cause: 'CHANGED_MIND' })).code, 'NOT_TAKEN_BACK')
  const asked = { ...input, cause: 'DAMAGED', note: 'the bottle leaks', idempotencyKey: 'once' }
  const { return: open } = await requestReturn(patient, asked)
  assert.deepEqual([open.status, open.note, open.allowedActions], ['REQUESTED', 'the bottle leaks', []])
  assert.equal((await requestReturn(patient, asked)).return.id, open.id)
  assert.equal((await requestReturn(patient, { ...input, cause: 'DAMAGED' })).field, 'orderLineIds')
  assert.ok((await subgraph.data(support, '{ openReturns { id } }')).openReturns.some(({ id }: { id: string }) => id === open.id))
  const decide = (more: object) => mutate(support, 'decideReturn', 'DecideReturnInput', { returnId: open.id, approve: true, ...more })
  assert.equal((await decide({ amountMinor: open.amount.amountMinor + 1 })).field, 'amountMinor')
  assert.equal((await decide({ amountMinor: 500 })).return.status, 'APPROVED')
  await eventually(async () => (await orderOf(subgraph, support, order.id)).payment.refundedAmount.amountMinor === 500, { what: 'the refund' })
  const events = await subgraph.sql<{ data: object }>('select data from outbox where subject = $1', [order.id])
  assert.ok(!JSON.stringify(events).includes('leaks'))
})

test('every cause has a row for prescriptions and for the rest, with its source', () => {
  for (const { cause } of returnRows) for (const prescribed of [true, false]) assert.ok(returnRowFor(cause, prescribed, '2026-11-22').source.length > 10)
})
