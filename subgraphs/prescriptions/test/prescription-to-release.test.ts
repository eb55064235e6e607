import { test } from 'node:test'
import assert from 'node:assert/strict'
import { eventually } from '../../../tests/environment.ts'
import { act, claimFor, elena, fillStatus, held, holdStock, itemOf, nora, order, packed, publishDrug, readyToFill, registerPatient, statusOf, stranger, subgraph, submit, tom, untilFill, untilPrescription, ken, verified } from './pharmacy.ts'

test('a prescription goes from the prescriber through review, bench and check to release, and its refill is counted', async () => {
  const patient = await registerPatient()
  const drug = await publishDrug({ genericName: 'lisinopril' })
  const id = await submit({ patientId: patient.id, drugId: drug.drugId })
  await untilPrescription(id, 'CLINICAL_REVIEW')

  const review = await claimFor(nora, 'VERIFICATION', id)
  assert.equal((await act(nora, 'verifyPrescription', held(review)))['prescription'].status, 'VERIFIED')

  const ordered = await order(id, patient.id, drug.drugId)
  assert.equal(ordered.status, 'SCREENING')
  const [accepted] = (await subgraph.emitted('prescriptions.fill-accepted.v1')).filter(({ fillId }) => fillId === ordered.id)
  assert.equal(accepted?.orderLineId, ordered.orderLineId)
  await holdStock(ordered, drug)
  await untilFill(ordered.id, 'RESERVED')
  await readyToFill(ordered.orderId, patient.id)

  await itemOf('FILL', ordered.id)
  const bench = await claimFor(tom, 'FILL', ordered.id)
  assert.equal(bench.item.fill?.status, 'FILLING')
  assert.equal((await act(tom, 'scanFill', { ...held(bench), barcode: `${drug.ndc} A123` }))['fill'].lots[0].scanned, true)
  assert.equal((await act(tom, 'submitFill', held(bench)))['fill'].status, 'PRODUCT_CHECK')
  assert.equal((await act(ken, 'checkFill', held(await claimFor(ken, 'PRODUCT_CHECK', ordered.id))))['fill'].status, 'PACKED')
  assert.equal((await act(ken, 'releaseFill', { fillId: ordered.id }))['fill'].status, 'RELEASED')

  const { prescription } = await subgraph.data(patient.actor, 'query ($id: ID!) { prescription(id: $id) { number sig drugText refillsRemaining status fills { nodes { number status lots { lotNumber } history { from to verb actorRole } } } history { to verb actorRole } verification { by { id } } } }', { id })
  assert.match(prescription.number, /^RX\d{7}$/)
  assert.equal(prescription.refillsRemaining, 2)
  assert.equal(prescription.verification.by.id, nora.pharmacistId)
  assert.deepEqual(prescription.fills.nodes[0].history.map(({ to }: { to: string }) => to), ['REQUESTED', 'SCREENING', 'RESERVED', 'FILLING', 'PRODUCT_CHECK', 'PACKED', 'RELEASED'])
  assert.deepEqual(prescription.history.map(({ to }: { to: string }) => to), ['RECEIVED', 'CLINICAL_REVIEW', 'VERIFIED'])

  const released = (await subgraph.emitted('prescriptions.fill-released.v1')).find(({ fillId }) => fillId === ordered.id)
  assert.equal(released?.lots[0]?.lotNumber, 'A123')
  await subgraph.publish('logistics.shipment-status-changed.v1', ordered.orderId, { shipmentId: ordered.orderId, orderId: ordered.orderId, patientId: patient.id, from: 'ASSIGNED', to: 'PICKED_UP', reasonCode: null })
  await untilFill(ordered.id, 'HANDED_OVER')
  await subgraph.publish('logistics.shipment-status-changed.v1', ordered.orderId, { shipmentId: ordered.orderId, orderId: ordered.orderId, patientId: patient.id, from: 'OUT_FOR_DELIVERY', to: 'DELIVERED', reasonCode: null })
  await untilFill(ordered.id, 'COMPLETED')
})

test('a prescription without refills is depleted by its release', async () => {
  const patient = await registerPatient()
  const drug = await publishDrug({ genericName: 'amoxicillin' })
  const id = await verified({ patientId: patient.id, drugId: drug.drugId, refills: 0 })
  const fill = await packed(id, patient.id, drug)
  await act(ken, 'releaseFill', { fillId: fill.id })
  assert.equal(await fillStatus(fill.id), 'RELEASED')
  assert.equal(await statusOf(id), 'DEPLETED')
})

test('a stranger, another prescriber and an unknown id all read as nothing', async () => {
  const patient = await registerPatient()
  const drug = await publishDrug({ genericName: 'metformin' })
  const id = await submit({ patientId: patient.id, drugId: drug.drugId })
  const see = async (actor: typeof stranger, prescription = id) => (await subgraph.data(actor, 'query ($id: ID!) { prescription(id: $id) { id } }', { id: prescription })).prescription
  assert.equal(await see(stranger), null)
  assert.equal(await see({ ...elena, practitionerId: stranger.patientId! }), null)
  assert.equal(await see(nora, 'no-such-id'), null)
  for (const actor of [patient.actor, elena, nora]) assert.equal((await see(actor)).id, id)
  const references = async (actor: typeof stranger) =>
    (await subgraph.data(actor, 'query ($r: [_Any!]!) { _entities(representations: $r) { ... on Prescription { id } } }', { r: [{ __typename: 'Prescription', id }] }))._entities
  assert.deepEqual(await references(stranger), [null])
  assert.deepEqual(await references(patient.actor), [{ id }])
  await eventually(async () => (await statusOf(id)) === 'CLINICAL_REVIEW')
})
