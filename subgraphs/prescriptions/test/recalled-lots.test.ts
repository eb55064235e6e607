import { test } from 'node:test'
import assert from 'node:assert/strict'
import { newId, type EventMap } from '@pharmagraph/platform'
import { eventually } from '../../../tests/environment.ts'
import { act, atTheBench, claimFor, fillStatus, held, holdStock, itemOf, ken, lot, order, packed, publishDrug, registerPatient, subgraph, tom, untilFill, verified, type OrderedFill } from './pharmacy.ts'

type Drug = Awaited<ReturnType<typeof publishDrug>>
const patient = await registerPatient()
const fresh = async (genericName: string): Promise<{ drug: Drug; prescriptionId: string }> => {
  const drug = await publishDrug({ genericName })
  return { drug, prescriptionId: await verified({ patientId: patient.id, drugId: drug.drugId }) }
}
const reallocated = ({ orderId, orderLineId }: OrderedFill, drug: Drug, lotNumber: string): EventMap['inventory.hold-reallocated.v1'] =>
  ({ orderId, orderLineId, reservationId: newId(), drugId: drug.drugId, recallId: newId(), allocations: [lot(drug, { lotNumber })] })
const lotsOf = async (id: string) =>
  (await subgraph.sql<{ lots: { lotNumber: string; scanned: boolean }[] }>('select lots from fill where id = $1', [id]))[0]!.lots.map(({ lotNumber, scanned }) => [lotNumber, scanned])
const handled = (eventId: string) => eventually(async () => (await subgraph.sql('select 1 from inbox where event_id = $1', [eventId])).length, { what: 'the event' })

test('a recall of a packed lot brings the fill back to the bench, where only the new lot is accepted', async () => {
  const { drug, prescriptionId } = await fresh('glyburide')
  const fill = await packed(prescriptionId, patient.id, drug)
  const change = reallocated(fill, drug, 'NEW9')
  const eventId = await subgraph.publish('inventory.hold-reallocated.v1', fill.orderId, change)
  await untilFill(fill.id, 'RESERVED')
  assert.deepEqual(await lotsOf(fill.id), [['NEW9', false]])
  await subgraph.republish('inventory.hold-reallocated.v1', fill.orderId, change, eventId)

  const claim = held(await claimFor(tom, 'FILL', fill.id))
  assert.equal((await act(tom, 'scanFill', { ...claim, barcode: `${drug.ndc} A123` })).__typename, 'WrongProduct')
  assert.equal((await act(tom, 'scanFill', { ...claim, barcode: `${drug.ndc} NEW9` })).__typename, 'FillPayload')
  assert.equal((await act(tom, 'submitFill', claim))['fill'].status, 'PRODUCT_CHECK')
  await act(ken, 'checkFill', held(await claimFor(ken, 'PRODUCT_CHECK', fill.id)))
  assert.equal((await act(ken, 'releaseFill', { fillId: fill.id }))['fill'].status, 'RELEASED')
  const released = (await subgraph.emitted('prescriptions.fill-released.v1')).find(({ fillId }) => fillId === fill.id)
  assert.deepEqual(released?.lots.map(({ lotNumber }) => lotNumber), ['NEW9'])

  await handled(await subgraph.publish('inventory.hold-reallocated.v1', fill.orderId, reallocated(fill, drug, 'LATE1')))
  assert.deepEqual([await fillStatus(fill.id), await lotsOf(fill.id)], ['RELEASED', [['NEW9', true]]], 'what was released is not changed any more')
})

test('whoever is filling when the lots are recalled loses the lease; before the bench only the lots change', async () => {
  const { drug, prescriptionId } = await fresh('metoprolol')
  const fill = await atTheBench(prescriptionId, patient.id, drug)
  const stale = held(await claimFor(tom, 'FILL', fill.id))
  await subgraph.publish('inventory.hold-reallocated.v1', fill.orderId, reallocated(fill, drug, 'NEW1'))
  await untilFill(fill.id, 'RESERVED')
  assert.equal((await act(tom, 'scanFill', { ...stale, barcode: `${drug.ndc} NEW1` })).__typename, 'LeaseLost')
  await itemOf('FILL', fill.id)

  const waiting = await fresh('atenolol')
  const ordered = await order(waiting.prescriptionId, patient.id, waiting.drug.drugId)
  const early = await subgraph.publish('inventory.hold-reallocated.v1', ordered.orderId, reallocated(ordered, waiting.drug, 'NEW2'))
  await holdStock(ordered, waiting.drug)
  await handled(early)
  assert.deepEqual([await fillStatus(ordered.id), await lotsOf(ordered.id)], ['RESERVED', [['NEW2', false]]], 'the change came before the hold it changes, and waited')
})

test('a fill that lost its lots waits for stock and is back at the bench once it is held again', async () => {
  const { drug, prescriptionId } = await fresh('lisinopril')
  const fill = await atTheBench(prescriptionId, patient.id, drug)
  const { orderId, orderLineId } = fill
  await subgraph.publish('inventory.hold-lost.v1', orderId, { orderId, orderLineId, reservationId: newId(), drugId: drug.drugId, recallId: newId(), requested: 30, available: 0 })
  await untilFill(fill.id, 'SCREENING')
  assert.deepEqual(await lotsOf(fill.id), [])
  await holdStock(fill, drug, [lot(drug, { lotNumber: 'AGAIN' })])
  await untilFill(fill.id, 'RESERVED')
  const claim = held(await claimFor(tom, 'FILL', fill.id))
  assert.equal((await act(tom, 'scanFill', { ...claim, barcode: `${drug.ndc} AGAIN` })).__typename, 'FillPayload')
})

test('S17 a lot that a dispensing cabinet scanned and counted needs no scan by hand, and its serial number is released with it', async () => {
  const { drug, prescriptionId } = await fresh('warfarin')
  const fill = await atTheBench(prescriptionId, patient.id, drug)
  const claim = held(await claimFor(tom, 'FILL', fill.id))
  const [row] = await subgraph.sql<{ lots: { lotId: string }[] }>('select lots from fill where id = $1', [fill.id])
  const answer = (outcome: 'JAMMED' | 'COUNTED') => subgraph.publish('inventory.device-answered.v1', fill.id, {
    jobId: newId(), deviceId: 'cabinet-1', fillId: fill.id, orderLineId: fill.orderLineId, lotId: row!.lots[0]!.lotId, lotNumber: 'A123', ndc: drug.ndc, quantity: 30,
    outcome, counted: outcome === 'COUNTED' ? 30 : null, serialNumber: outcome === 'COUNTED' ? 'SER1' : null,
  })
  await handled(await answer('JAMMED'))
  assert.deepEqual(await lotsOf(fill.id), [['A123', false]])
  await handled(await answer('COUNTED'))
  assert.deepEqual(await lotsOf(fill.id), [['A123', true]])
  assert.equal((await act(tom, 'submitFill', claim))['fill'].status, 'PRODUCT_CHECK')
  await act(ken, 'checkFill', held(await claimFor(ken, 'PRODUCT_CHECK', fill.id)))
  await act(ken, 'releaseFill', { fillId: fill.id })
  const released = (await subgraph.emitted('prescriptions.fill-released.v1')).find(({ fillId }) => fillId === fill.id)
  assert.deepEqual(released?.lots.map(({ serialNumber }) => serialNumber), ['SER1'])
})
