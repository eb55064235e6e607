import { test } from 'node:test'
import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import '@pharmagraph/schema/events'
import { AppError, defineSubgraph, effect, emit, handler, newId, notYet, systemActor, transact, type CloudEvent } from '@pharmagraph/platform'
import { eventually, testSubgraph } from '../../tests/environment.ts'

const handled: string[] = []
const effects: string[] = []
const behaviour = new Map<string, () => void>()

/** A subgraph of nothing but events: it consumes chain anchors and counts what reaches it. */
const probe = defineSubgraph({
  name: 'probe',
  folder: resolve(import.meta.dirname, 'probe'),
  sdl: 'type Query { ok: Boolean }',
  entities: [],
  resolvers: { Query: { ok: () => true } },
  loaders: () => ({}),
  services: () => ({}),
  consumers: [
    handler('audit.chain-anchored.v1', 'count', async (em, event) => {
      behaviour.get(event.data.hash)?.()
      await em.execute('insert into seen (hash, sequence) values (?, ?)', [event.data.hash, event.data.sequence])
      handled.push(event.data.hash)
    }),
    effect('audit.chain-anchored.v1', 'call', async (event) => void effects.push(event.data.hash)),
  ],
})

const subgraph = await testSubgraph(probe, { background: true })
const publish = (hash: string, sequence = 1, id = newId(), aggregate = newId()) => subgraph.publish('audit.chain-anchored.v1', aggregate, { sequence, hash }, id)
const rows = (hash: string) => subgraph.sql<{ sequence: number }>('select sequence from seen where hash = $1 order by id', [hash])

test('an event is handled once by each of its consumers, and its repeat does nothing', async () => {
  const [id, aggregate] = [newId(), newId()]
  await publish('once', 1, id, aggregate)
  await eventually(() => handled.includes('once') && effects.includes('once'))
  // the broker drops a repeated message id by itself, so the repeat is sent under another one
  await subgraph.republish('audit.chain-anchored.v1', aggregate, { sequence: 1, hash: 'once' }, id)
  await publish('after-once')
  await eventually(() => handled.includes('after-once'))
  assert.equal((await rows('once')).length, 1)
  assert.equal(effects.filter((hash) => hash === 'once').length, 1)
})

test('a handler that fails leaves nothing behind and is tried again until it succeeds', async () => {
  let failures = 0
  behaviour.set('flaky', () => {
    if (failures++ < 3) throw notYet('something')
  })
  await publish('flaky')
  await eventually(async () => (await rows('flaky')).length === 1)
  assert.equal(failures, 4)
})

test('an event that can never succeed goes to the dead letters with its error', async () => {
  behaviour.set('hopeless', () => {
    throw new AppError('INVALID_INPUT', 'no good', { field: 'hash' })
  })
  await publish('hopeless')
  const [letter] = await eventually(async () => {
    const letters = await subgraph.sql<{ error: string; event: CloudEvent }>(`select error, event from dead_letter where event->'data'->>'hash' = 'hopeless'`)
    return letters.length > 0 && letters
  })
  assert.match(letter!.error, /no good/)
  assert.equal((await rows('hopeless')).length, 0)
})

test('events of one aggregate are handled in order', async () => {
  const aggregate = newId()
  for (let sequence = 1; sequence <= 30; sequence++) await publish('ordered', sequence, newId(), aggregate)
  await eventually(async () => (await rows('ordered')).length === 30)
  assert.deepEqual((await rows('ordered')).map(({ sequence }) => sequence), Array.from({ length: 30 }, (_, i) => i + 1))
})

test('what a transaction emits is published when it commits, in order, and not when it rolls back', async () => {
  const aggregate = newId()
  const actor = systemActor('probe')
  await assert.rejects(transact(subgraph.running.orm, async (em) => {
    emit(em, actor, 'audit.chain-anchored.v1', aggregate, { sequence: 1, hash: 'rolled-back' })
    await em.flush()
    throw new Error('no')
  }))
  for (let sequence = 1; sequence <= 5; sequence++) {
    await transact(subgraph.running.orm, async (em) => emit(em, actor, 'audit.chain-anchored.v1', aggregate, { sequence, hash: 'committed' }))
  }
  await eventually(async () => (await rows('committed')).length === 5)
  assert.deepEqual((await rows('committed')).map(({ sequence }) => sequence), [1, 2, 3, 4, 5])
  assert.ok(!handled.includes('rolled-back'))
  const [left] = await subgraph.sql<{ n: number }>('select count(*)::int as n from outbox where published_at is null')
  assert.equal(left?.n, 0)
})

test('an event that does not fit its contract is refused when emitted', async () => {
  await assert.rejects(
    transact(subgraph.running.orm, async (em) => emit(em, systemActor('probe'), 'audit.chain-anchored.v1', newId(), { sequence: 1, hash: 7 as never })),
    /does not fit its contract: \/hash must be string/,
  )
})

test('while the broker is away events wait in the outbox, and go out when it returns', async () => {
  await subgraph.broker.kill()
  await transact(subgraph.running.orm, async (em) => emit(em, systemActor('probe'), 'audit.chain-anchored.v1', newId(), { sequence: 9, hash: 'patient' }))
  const [waiting] = await subgraph.sql<{ n: number }>('select count(*)::int as n from outbox where published_at is null')
  assert.equal(waiting?.n, 1)
  await subgraph.broker.restart()
  await eventually(async () => (await rows('patient')).length === 1, { within: 30_000 })
})
