import { test } from 'node:test'
import assert from 'node:assert/strict'
import { resolve } from 'node:path'
import { exportJWK, generateKeyPair } from 'jose'
import '@pharmagraph/schema/events'
import { AppError, defineSubgraph, effect, emit, handler, newId, notYet, runSubgraph, systemActor, transact, type CloudEvent } from '@pharmagraph/platform'
import { eventually, testSubgraph } from '../../tests/environment.ts'

const handled: string[] = []
const effects: string[] = []
/** Which instance of the subgraph had the effect, by hash. */
const instanceOf = new Map<string, number>()
let instances = 0
const behaviour = new Map<string, () => void>()

/** A subgraph of nothing but events: it consumes chain anchors and counts what reaches it. */
const probe = defineSubgraph({
  name: 'probe',
  folder: resolve(import.meta.dirname, 'probe'),
  sdl: 'type Query { ok: Boolean }',
  entities: [],
  resolvers: { Query: { ok: () => true } },
  loaders: () => ({}),
  services: () => ({ instance: instances++ }),
  consumers: [
    handler('audit.chain-anchored.v1', 'count', async (em, event) => {
      behaviour.get(event.data.hash)?.()
      await em.execute('insert into seen (hash, sequence) values (?, ?)', [event.data.hash, event.data.sequence])
      handled.push(event.data.hash)
    }),
    effect<'audit.chain-anchored.v1', { instance: number }>('audit.chain-anchored.v1', 'call', async (event, { services }) => {
      instanceOf.set(event.data.hash, services.instance)
      effects.push(event.data.hash)
    }),
  ],
})

const subgraph = await testSubgraph(probe, { background: true })
const publish = (hash: string, sequence = 1, id = newId(), aggregate = newId()) => subgraph.publish('audit.chain-anchored.v1', aggregate, { sequence, hash }, id)
const rows = (hash: string) => subgraph.sql<{ sequence: number }>('select sequence from seen where hash = $1 order by id', [hash])

test('S5 an event is handled once by each of its consumers, and its repeat does nothing', async () => {
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

test('S2 two instances of a subgraph share one stream: each event is handled once, by either', async () => {
  const actorPublicJwk = JSON.stringify(await exportJWK((await generateKeyPair('EdDSA', { crv: 'Ed25519' })).publicKey))
  const second = await runSubgraph(probe, {
    port: 0, host: '127.0.0.1', databaseUrl: subgraph.databaseUrl, natsUrl: subgraph.broker.url, actorPublicJwk, seed: false, background: true,
  })
  try {
    const hashes = Array.from({ length: 200 }, (_, index) => `shared-${index}`)
    await Promise.all(hashes.map((hash) => publish(hash)))
    await eventually(() => hashes.every((hash) => effects.includes(hash) && handled.includes(hash)), { within: 30_000 })
    const stored = await subgraph.sql<{ hash: string }>(`select hash from seen where hash like 'shared-%'`)
    assert.deepEqual(stored.map(({ hash }) => hash).sort(), [...hashes].sort())
    assert.equal(effects.filter((hash) => hash.startsWith('shared-')).length, hashes.length)
    assert.equal(new Set(hashes.map((hash) => instanceOf.get(hash))).size, 2)
  } finally {
    await second.stop()
  }
})

test('S5 what a transaction emits is published when it commits, in order, and not when it rolls back', async () => {
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

test('S49 an event that does not fit its contract is refused when emitted', async () => {
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
