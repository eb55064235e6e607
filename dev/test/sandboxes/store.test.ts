import assert from 'node:assert/strict'
import { appendFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Store } from '../../src/sandboxes/shared/store.ts'
import { temporaryFolder } from './support.ts'

interface Row {
  n: number
}

test('a transaction that throws leaves nothing behind, in memory or on disk', (t) => {
  const file = join(temporaryFolder(t), 's.jsonl')
  const store = new Store(file)
  const rows = store.table<Row>('rows')
  store.transaction(() => rows.put('a', { n: 1 }))
  assert.throws(() =>
    store.transaction(() => {
      rows.put('a', { n: 2 })
      rows.put('b', { n: 3 })
      rows.delete('a')
      throw new Error('no')
    }),
  )
  assert.deepEqual([rows.get('a'), rows.get('b')], [{ n: 1 }, undefined])
  store.close()
  assert.deepEqual([...new Store(file).table<Row>('rows').entries()], [['a', { n: 1 }]])
})

test('a line torn by a crash was never acknowledged and is dropped', (t) => {
  const file = join(temporaryFolder(t), 's.jsonl')
  const store = new Store(file)
  store.transaction(() => store.table<Row>('rows').put('a', { n: 1 }))
  store.close()
  appendFileSync(file, '[["rows","b",{"n":')
  const reopened = new Store(file)
  assert.deepEqual([...reopened.table<Row>('rows').all()], [{ n: 1 }])
  reopened.transaction(() => reopened.table<Row>('rows').put('c', { n: 2 }))
  reopened.close()
  assert.equal(new Store(file).table<Row>('rows').size, 2)
})

test('opening rewrites the journal to what is left of it, in the order of creation', (t) => {
  const file = join(temporaryFolder(t), 's.jsonl')
  const store = new Store(file)
  const rows = store.table<Row>('rows')
  for (let n = 0; n < 50; n += 1) store.transaction(() => rows.put(n % 2 ? 'odd' : 'even', { n }))
  store.close()
  new Store(file).close()
  assert.deepEqual(readFileSync(file, 'utf8').trim().split('\n').map((line) => JSON.parse(line)), [
    [['rows', 'even', { n: 48 }]],
    [['rows', 'odd', { n: 49 }]],
  ])
})

test('a document read is a copy, and a write outside a transaction is refused', (t) => {
  const store = new Store(join(temporaryFolder(t), 's.jsonl'))
  const rows = store.table<Row>('rows')
  store.transaction(() => rows.put('a', { n: 1 }))
  const copy = rows.get('a') as Row
  copy.n = 9
  assert.deepEqual(rows.get('a'), { n: 1 })
  assert.throws(() => rows.put('a', copy), /transaction/)
})
