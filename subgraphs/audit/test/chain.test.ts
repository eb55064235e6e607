import { test } from 'node:test'
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { batched } from '@pharmagraph/platform'
import { genesisHash, hashOf, subjectsOf } from '../src/chain.ts'

test('an entry can be recomputed with nothing but SHA-256 and its content', () => {
  const content = { id: 'e', sequence: 1, at: new Date('2026-11-22T08:00:00.000Z'), type: 't', source: 's', actor: 'a', actorRole: 'r', subjects: ['x'], correlationId: 'c', causationId: null, data: { n: 1 } }
  const text = `${genesisHash}{"actor":"a","actorRole":"r","at":"2026-11-22T08:00:00.000Z","causationId":null,"correlationId":"c","data":{"n":1},"id":"e","sequence":1,"source":"s","subjects":["x"],"type":"t"}`
  assert.equal(hashOf(genesisHash, content), createHash('sha256').update(text).digest('hex'))
})

test('subjects are all ids an event names, however deep, once each, and nothing else', () => {
  assert.deepEqual(
    subjectsOf('order', { orderId: 'order', patientId: 'patient', prescriptionId: null, reason: 'valid', lines: [{ orderLineId: 'line', lots: [{ lotId: 'lot', quantity: 3 }] }], shipmentIds: ['s1', 's2'], id: 'own', releasedBy: '01990000-0000-7000-8000-000000000301', claimedBy: null }),
    ['order', 'patient', 'line', 'lot', 's1', 's2', 'own', '01990000-0000-7000-8000-000000000301'],
  )
})

test('what comes during a write is written together next, in order, and one bad item fails alone', async () => {
  const written: string[][] = []
  let open: () => void = () => {}
  const append = batched<string>(async (items) => {
    if (written.length === 0) await new Promise<void>((done) => (open = done))
    if (items.includes('bad')) throw new Error('bad item')
    written.push([...items])
  }, 3)
  const all = ['a', 'b', 'c', 'd', 'bad', 'f'].map((item) => append(item).then(() => item, (error: Error) => error.message))
  await new Promise(setImmediate)
  open()
  assert.deepEqual(await Promise.all(all), ['a', 'b', 'c', 'd', 'bad item', 'f'])
  assert.deepEqual(written, [['a'], ['b', 'c', 'd'], ['f']])
})
