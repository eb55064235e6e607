import { test } from 'node:test'
import assert from 'node:assert/strict'
import { newId } from '@pharmagraph/platform'
import { actorWith, eventually, testSubgraph } from '../../../tests/environment.ts'
import type { InterceptAnswer } from '../src/carrier/port.ts'
import { services } from '../src/services.ts'
import { logistics } from '../src/subgraph.ts'
import { driver, homes, patientOf, pickUp, shipmentOf, signed, staff, type ShipmentRow } from './support.ts'

const asked: string[] = []
let answer: InterceptAnswer = 'ACCEPTED'
const carrier = { intercept: async (shipmentId: string): Promise<InterceptAnswer> => (asked.push(shipmentId), answer) }
const subgraph = await testSubgraph({ ...logistics, services: () => ({ ...services(), carrier }) }, { background: true, seed: true })
const handled = (eventId: string) => eventually(async () => (await subgraph.sql('select 1 from inbox where event_id = $1', [eventId])).length > 0, { what: 'the event handled' })

const { patientId, addressId } = homes.mission
type Part = { orderId: string; fulfilmentId: string; orderLineIds: string[] }
const newPart = (orderId = newId()): Part => ({ orderId, fulfilmentId: newId(), orderLineIds: [newId(), newId()] })
const paid = (part: Part) => subgraph.publish('orders.order-paid.v1', part.orderId, { patientId, addressId, adultSignature: false, coldChain: false, parcels: 1, ...part })
const recall = ({ orderId, orderLineIds }: Part) => subgraph.publish('inventory.parcel-stop-requested.v1', orderId, { orderId, orderLineId: orderLineIds[1]!, recallId: newId() })
const parcelOf = ({ fulfilmentId }: Part, status: string) =>
  eventually(async () => (await subgraph.sql<ShipmentRow>('select * from shipment where fulfilment_id = $1 and status = $2', [fulfilmentId, status]))[0], { what: `the parcel ${status}`, within: 15_000 })

test('S18 every part of an order has its parcel, once however often it is told paid, and tells which it is', async () => {
  const first = newPart()
  const second = newPart(first.orderId)
  await paid(first)
  await paid(second)
  const [one, two] = [await parcelOf(first, 'ASSIGNED'), await parcelOf(second, 'ASSIGNED')]
  await handled(await paid(first))
  const { _entities: [order, part] } = await subgraph.data(patientOf(homes.mission), `query ($r: [_Any!]!) { _entities(representations: $r) {
    ... on Order { shipment { id } shipments { id fulfilment { id } } } ... on Fulfilment { shipment { id } } } }`,
    { r: [{ __typename: 'Order', id: first.orderId }, { __typename: 'Fulfilment', id: first.fulfilmentId }] })
  assert.deepEqual(order.shipments, [{ id: one.id, fulfilment: { id: first.fulfilmentId } }, { id: two.id, fulfilment: { id: second.fulfilmentId } }])
  assert.deepEqual([order.shipment.id, part.shipment.id], [two.id, one.id])
  const told = (await subgraph.emitted('logistics.shipment-status-changed.v1')).filter(({ shipmentId }) => shipmentId === one.id)
  assert.deepEqual(told.map(({ fulfilmentId, orderLineIds }) => [fulfilmentId, orderLineIds]), told.map(() => [first.fulfilmentId, first.orderLineIds]))
})

test('S18 a recall stops the parcel that holds the line and no other: on the shelf, in the van, and before it is made', async () => {
  const first = newPart()
  const second = newPart(first.orderId)
  await paid(first)
  await paid(second)
  await parcelOf(first, 'ASSIGNED')
  await recall(first)
  const stopped = await parcelOf(first, 'CANCELLED')
  assert.equal(stopped.reason_code, 'STOCK_RECALLED')
  const other = await parcelOf(second, 'ASSIGNED')
  await pickUp(subgraph, driver(other.driver_id), other.id, other.tracking_number)
  await recall(second)
  assert.equal((await parcelOf(second, 'RETURNING')).reason_code, 'STOCK_RECALLED')

  const early = newPart()
  await handled(await recall(early))
  await paid(early)
  assert.equal((await parcelOf(early, 'CANCELLED')).reason_code, 'STOCK_RECALLED')
})

test('S18 a paid part that is dropped has its parcel cancelled, the other part of the order goes on', async () => {
  const first = newPart()
  const second = newPart(first.orderId)
  await paid(first)
  await paid(second)
  await parcelOf(second, 'ASSIGNED')
  const dropped = { fulfilmentId: first.fulfilmentId, orderId: first.orderId, patientId, from: 'PAID', to: 'CANCELLED', reasonCode: 'RETURNED_TO_STOCK' } as const
  await handled(await subgraph.publish('orders.fulfilment-status-changed.v1', first.orderId, dropped))
  await handled(await subgraph.publish('orders.fulfilment-status-changed.v1', first.orderId, dropped))
  assert.equal((await parcelOf(first, 'CANCELLED')).reason_code, 'RETURNED_TO_STOCK')
  await parcelOf(second, 'ASSIGNED')
})

test('S67 a carrier is asked to send a recalled parcel back; what it answers is on the shipment', async () => {
  for (const [wanted, code] of [['ACCEPTED', 'INTERCEPT_ACCEPTED'], ['REFUSED', 'INTERCEPT_REFUSED']] as const) {
    answer = wanted
    const part = newPart()
    await paid(part)
    const parcel = await parcelOf(part, 'ASSIGNED')
    const report = JSON.stringify({ id: `evt_${newId()}`, description: 'tracker.updated', result: { tracking_code: 'EZ1', carrier: 'USPS', status: 'in_transit', updated_at: new Date().toISOString() } })
    assert.equal((await fetch(new URL(`/webhooks/carrier/${parcel.id}`, subgraph.url), { method: 'POST', headers: signed(report), body: report })).status, 200)
    await parcelOf(part, 'IN_TRANSIT')
    await recall(part)
    await eventually(async () => (await parcelOf(part, 'IN_TRANSIT')).reason_code === code, { what: code })
    assert.ok(asked.includes(parcel.id))
  }
})

test('S19 a caregiver sees the parcels, route and addresses of the patient for as long as the delegation holds', async () => {
  const part = newPart()
  await paid(part)
  const { id } = await parcelOf(part, 'ASSIGNED')
  const rosa = actorWith('caregiver')
  const delegationId = newId()
  const delegate = async (scopes: ('VIEW' | 'ORDER')[], version: number) =>
    handled(await subgraph.publish('patients.delegation-changed.v1', delegationId, { delegationId, patientId, subject: rosa.subject, scopes, version }))
  const look = async (who = rosa) => (await subgraph.data(who, 'query ($id: ID!, $r: [_Any!]!) { shipment(id: $id) { id destination { line1 } } _entities(representations: $r) { ... on Patient { addresses { id } } } }', { id, r: [{ __typename: 'Patient', id: patientId }] }))
  assert.deepEqual(await look(), { shipment: null, _entities: [{ addresses: [] }] })
  await delegate(['VIEW'], 2)
  await delegate([], 1) // older news that comes late
  const seen = await look()
  assert.equal(seen.shipment.destination.line1, '3100 24th Street')
  assert.ok(seen._entities[0].addresses.length > 0)
  assert.equal((await look(actorWith('caregiver'))).shipment, null)
  await delegate([], 3)
  assert.deepEqual(await look(), { shipment: null, _entities: [{ addresses: [] }] })
  assert.ok((await look(staff)).shipment && (await shipmentOf(subgraph, part.orderId, 'ASSIGNED')))
})
