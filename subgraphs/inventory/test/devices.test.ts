import { test } from 'node:test'
import assert from 'node:assert/strict'
import { judge, type DispenseJob } from '../src/devices/port.ts'
import { simulatedDevice } from '../src/devices/simulator.ts'

const ndc = '0591-0369-01'
const job = (fields: Partial<DispenseJob> = {}): DispenseJob => ({ jobId: 'job-1', ndc, lotNumber: 'A1', quantity: 30, ...fields })
const loaded = () => {
  const device = simulatedDevice('cabinet-1')
  device.load({ ndc, lotNumber: 'A1', serialNumber: 'S1', units: 100 })
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
