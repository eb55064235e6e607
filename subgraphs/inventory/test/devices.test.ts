import { test } from 'node:test'
import assert from 'node:assert/strict'
import { newId, transact, type EventMap } from '@pharmagraph/platform'
import { eventually, testSubgraph } from '../../../tests/environment.ts'
import { holdStock } from '../src/commands/hold-stock.ts'
import { judge, type DispenseJob } from '../src/devices/port.ts'
import { simulatedDevice, type SimulatedDevice } from '../src/devices/simulator.ts'
import { services } from '../src/services.ts'
import { inventory } from '../src/subgraph.ts'
import { inDays, keeper, requestFor, stockedShelf, system, type StockRequest } from './shelf.ts'

const ndc = '0591-0369-01'
const job = (fields: Partial<DispenseJob> = {}): DispenseJob => ({ jobId: 'job-1', ndc, lotNumber: 'A1', quantity: 30, ...fields })
const loaded = () => {
  const device = simulatedDevice('cabinet-1')
  void device.load({ ndc, lotNumber: 'A1', serialNumber: 'S1', units: 100 })
  return device
}

test('S17 a device counts what is asked, once per job, and says which package it came from', async () => {
  const device = loaded()
  const answer = await device.dispense(job())
  assert.deepEqual(judge(job(), answer), { accepted: true, serialNumber: 'S1' })
  assert.deepEqual(await device.dispense(job()), answer)
  assert.equal(device.left(ndc), 70)
})

test('S17 a jam moves nothing and the job may be tried again; a device that does not answer is an outage', async () => {
  const device = loaded()
  device.fail({ kind: 'JAM' })
  device.fail({ kind: 'OFFLINE' })
  const jam = judge(job(), await device.dispense(job()))
  assert.equal(!jam.accepted && jam.code, 'JAMMED')
  await assert.rejects(device.dispense(job()), { code: 'UNAVAILABLE' })
  assert.equal(judge(job(), await device.dispense(job())).accepted, true)
  assert.equal(device.left(ndc), 70)
})

test('S17 a miscount, an empty cassette, a wrong lot and a wrong product are each refused by name', async () => {
  const device = loaded()
  device.fail({ kind: 'MISCOUNT', by: -1 })
  const verdict = async (asked: DispenseJob) => {
    const judged = judge(asked, await device.dispense(asked))
    return judged.accepted ? 'accepted' : judged.code
  }
  assert.equal(await verdict(job()), 'MISCOUNT')
  assert.equal(await verdict(job({ jobId: 'job-2', lotNumber: 'B2' })), 'WRONG_LOT')
  assert.equal(await verdict(job({ jobId: 'job-3', quantity: 60 })), 'EMPTY')
  assert.equal(await verdict(job({ jobId: 'job-4', ndc: '0591-0369-02' })), 'EMPTY')
  assert.deepEqual(judge(job({ ndc: '0591-0369-05' }), { outcome: 'COUNTED', scanned: { ndc, lotNumber: 'A1', serialNumber: null }, counted: 30 }), {
    accepted: false, code: 'WRONG_PRODUCT', message: '0591-0369-01 is loaded where 0591-0369-05 should be',
  })
})

process.env['DISPENSING_DEVICES'] = 'simulated:cabinet-1'
const subgraph = await testSubgraph(inventory, { background: true })
const shelf = await stockedShelf(subgraph)
const cabinet = services().devices.get('cabinet-1') as SimulatedDevice

type Moved = EventMap['prescriptions.fill-status-changed.v1']
/** A held fill whose lot is loaded in the cabinet. */
async function loadedFill(units = 100): Promise<{ request: StockRequest; fillId: string; lotId: string; move(from: Moved['from'], to: Moved['to']): Promise<string> }> {
  const drug = await shelf.drug()
  const [lotId] = await shelf.stock(drug, { quantity: 100, expires: inDays(300) }) as [string]
  const { loadDevice } = await subgraph.data(keeper, 'mutation ($i: LoadDeviceInput!) { loadDevice(input: $i) { ... on DevicePayload { units lot { id } } } }', { i: { deviceId: 'cabinet-1', lotId, units, serialNumber: 'SER9' } })
  assert.deepEqual(loadDevice, { units, lot: { id: lotId } })
  const request = requestFor([drug, 30])
  await transact(subgraph.running.orm, (em) => holdStock(em, system, request))
  const fillId = newId()
  const move = (from: Moved['from'], to: Moved['to']) =>
    subgraph.publish('prescriptions.fill-status-changed.v1', fillId, { fillId, prescriptionId: newId(), orderId: request.orderId, orderLineId: request.lines[0]!.orderLineId, from, to, reasonCode: null })
  return { request, fillId, lotId, move }
}
const jobsOf = async (fillId: string) => (await subgraph.data(keeper, 'query ($f: ID!) { dispenseJobs(fillId: $f) { status refusal counted serialNumber lot { id } } }', { f: fillId })).dispenseJobs
const answered = (fillId: string) => eventually(async () => (await subgraph.emitted('inventory.device-answered.v1')).find((one) => one.fillId === fillId), { what: 'the answer of the device' })

test('S17 when a fill comes to the bench the cabinet that has its lot counts it, once, and the package it came from is on the dispense record', async () => {
  const { request, fillId, lotId, move } = await loadedFill()
  await move('RESERVED', 'FILLING')
  await move('RESERVED', 'FILLING')
  const answer = await answered(fillId)
  assert.deepEqual([answer.outcome, answer.counted, answer.serialNumber, answer.lotId], ['COUNTED', 30, 'SER9', lotId])
  assert.deepEqual(await jobsOf(fillId), [{ status: 'COUNTED', refusal: null, counted: 30, serialNumber: 'SER9', lot: { id: lotId } }])
  assert.equal(cabinet.left(answer.ndc), 70)
  await move('FILLING', 'PRODUCT_CHECK')
  const line = request.lines[0]!
  await subgraph.publish('prescriptions.fill-released.v1', fillId, {
    fillId, prescriptionId: newId(), orderId: request.orderId, orderLineId: line.orderLineId, patientId: newId(), drugId: line.drugId, deaSchedule: 'NONE',
    lots: [{ lotId, lotNumber: answer.lotNumber, quantity: 30, serialNumber: 'SER9' }], releasedBy: 'rph-1', recordHash: 'ab12',
  })
  const [record] = await eventually(async () => {
    const rows = await subgraph.sql<{ serial_number: string }>('select serial_number from dispense_record where fill_id = $1', [fillId])
    return rows.length === 1 && rows
  })
  assert.equal(record!.serial_number, 'SER9')
})

test('S17 a jam is told, and a person takes over; an outage is tried again until the fill has gone on without the device', async () => {
  const jammed = await loadedFill()
  cabinet.fail({ kind: 'JAM' })
  await jammed.move('RESERVED', 'FILLING')
  assert.equal((await answered(jammed.fillId)).outcome, 'JAMMED')
  assert.deepEqual((await jobsOf(jammed.fillId)).map(({ status, refusal }: Record<string, string>) => [status, refusal]), [['REFUSED', 'JAMMED']])

  const slow = await loadedFill()
  cabinet.fail({ kind: 'OFFLINE' })
  await slow.move('RESERVED', 'FILLING')
  assert.equal((await answered(slow.fillId)).outcome, 'COUNTED', 'asked again after the outage')

  const gone = await loadedFill()
  for (let i = 0; i < 6; i++) cabinet.fail({ kind: 'OFFLINE' })
  await gone.move('RESERVED', 'FILLING')
  await eventually(async () => (await jobsOf(gone.fillId)).length)
  await gone.move('FILLING', 'PRODUCT_CHECK')
  await eventually(async () => (await jobsOf(gone.fillId))[0].status === 'WITHDRAWN')
})

test('a fill whose lot no cabinet has loaded, or too little of, is counted by hand', async () => {
  const { fillId, move } = await loadedFill(20)
  const last = await move('RESERVED', 'FILLING')
  await eventually(async () => (await subgraph.sql('select 1 from inbox where event_id = $1', [last])).length)
  assert.deepEqual(await jobsOf(fillId), [])
  assert.equal((await subgraph.graph(keeper, 'mutation ($i: LoadDeviceInput!) { loadDevice(input: $i) { __typename } }', { i: { deviceId: 'nowhere', lotId: newId(), units: 1 } })).errors?.[0]?.extensions['code'], 'NOT_FOUND')
})
