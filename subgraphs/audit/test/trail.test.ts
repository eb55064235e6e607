import { test } from 'node:test'
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { clock, eventsFolder, newId, systemActor, transact, type EventMap, type EventType } from '@pharmagraph/platform'
import { actorWith, eventually, testSubgraph } from '../../../tests/environment.ts'
import { anchorChain } from '../src/commands/anchor-chain.ts'
import { anchorChainJob } from '../src/jobs/anchor-chain.ts'
import { audit } from '../src/subgraph.ts'

const subgraph = await testSubgraph(audit, { background: true })
const { orm } = subgraph.running
const compliance = actorWith('compliance')
const system = systemActor('audit')

const verify = async (span: { from?: number; to?: number } = {}) =>
  (await subgraph.data(compliance, 'query ($from: Int, $to: Int) { verifyAuditChain(fromSequence: $from, toSequence: $to) { valid entriesChecked headSequence headHash firstBadSequence problem } }', span)).verifyAuditChain
const trail = async (filter: object, first = 50, after?: string) =>
  (await subgraph.data(compliance, 'query ($f: AuditTrailFilter!, $n: Int, $a: String) { auditTrail(filter: $f, first: $n, after: $a) { nodes { id sequence type source actor actorRole subjects correlationId data hash previousHash at } pageInfo { hasNextPage endCursor } } }', { f: filter, n: first, a: after })).auditTrail
const count = async (): Promise<number> => (await subgraph.sql<{ n: number }>('select count(*)::int as n from audit_entry'))[0]!.n
const chained = (expected: number) => eventually(async () => (await count()) >= expected, { what: `${expected} entries`, within: 20_000 })
const cancelled = (orderId = newId(), patientId = newId()) => subgraph.publish('orders.order-cancelled.v1', orderId, { orderId, patientId, reasonCode: 'PATIENT_CANCELLED' })

test('S22 an event of every type there is a contract for is chained', async () => {
  const types = readdirSync(eventsFolder).filter((file) => file.endsWith('.json'))
  for (const file of types) {
    const { examples } = JSON.parse(readFileSync(resolve(eventsFolder, file), 'utf8')) as { examples: [EventMap[EventType]] }
    await subgraph.publish(file.slice(0, -'.json'.length) as EventType, newId(), examples[0])
  }
  await chained(types.length)
  const found = await subgraph.sql<{ type: string }>('select distinct type from audit_entry')
  assert.deepEqual(found.map(({ type }) => `${type}.json`).sort(), types.sort())
  assert.deepEqual([(await verify()).valid, (await verify()).headSequence], [true, types.length])
})

test('an event is chained once, whether it comes again under its message id or another', async () => {
  const orderId = newId()
  const data = { orderId, patientId: newId(), reasonCode: 'X' }
  const id = await subgraph.publish('orders.order-cancelled.v1', orderId, data)
  await subgraph.publish('orders.order-cancelled.v1', orderId, data, id)
  await subgraph.republish('orders.order-cancelled.v1', orderId, data, id)
  const last = await subgraph.publish('orders.order-cancelled.v1', orderId, data)
  await eventually(async () => (await subgraph.sql('select 1 from audit_entry where id = $1', [last])).length)
  assert.deepEqual((await trail({ subjectId: orderId })).nodes.map((entry: { id: string }) => entry.id), [id, last])
})

test('a burst is chained without gap', async () => {
  const before = await count()
  await Promise.all(Array.from({ length: 400 }, () => cancelled()))
  await chained(before + 400)
  const answer = await verify()
  assert.deepEqual([answer.valid, answer.headSequence, answer.entriesChecked], [true, before + 400, before + 400])
})

test('the trail is found by subject, actor, correlation, type and time, in the order of the chain, page by page', async () => {
  const [orderId, patientId] = [newId(), newId()]
  const from = clock.now()
  for (let i = 0; i < 5; i++) await cancelled(orderId, patientId)
  await subgraph.publish('orders.order-ready-to-fill.v1', orderId, { orderId, patientId })
  const { nodes } = await eventually(async () => {
    const found = await trail({ subjectId: patientId })
    return found.nodes.length === 6 && found
  })
  assert.deepEqual(nodes.map(({ sequence }: { sequence: number }) => sequence), nodes.map((_: unknown, i: number) => nodes[0].sequence + i))
  const [first] = nodes
  assert.deepEqual(first.subjects, [orderId, patientId])
  assert.deepEqual([first.source, first.actor, first.actorRole, first.data], ['/test', 'system:test', 'system', { orderId, patientId, reasonCode: 'PATIENT_CANCELLED' }])
  assert.deepEqual((await trail({ subjectId: orderId, type: 'orders.order-ready-to-fill.v1' })).nodes.length, 1)
  assert.deepEqual((await trail({ correlationId: first.correlationId })).nodes.map(({ id }: { id: string }) => id), [first.id])
  assert.equal((await trail({ subjectId: orderId, actor: 'system:test', from })).nodes.length, 6)
  assert.equal((await trail({ subjectId: orderId, to: from })).nodes.length, 0)
  assert.equal((await trail({ actor: 'nobody' })).nodes.length, 0)

  const pages: string[] = []
  let after: string | undefined
  do {
    const { nodes: some, pageInfo } = await trail({ subjectId: patientId }, 4, after)
    pages.push(...some.map(({ id }: { id: string }) => id))
    after = pageInfo.hasNextPage ? pageInfo.endCursor : undefined
  } while (after)
  assert.deepEqual(pages, nodes.map(({ id }: { id: string }) => id))
})

test('compliance and the pharmacist in charge read the trail, compliance verifies it, nobody else does either', async () => {
  const [{ id }] = (await trail({}, 1)).nodes
  const ask = (role: Parameters<typeof actorWith>[0]) => subgraph.graph(actorWith(role), 'query ($r: [_Any!]!) { _entities(representations: $r) { ... on AuditEntry { sequence } } }', { r: [{ __typename: 'AuditEntry', id }, { __typename: 'AuditEntry', id: 'x' }] })
  for (const role of ['compliance', 'pharmacist-in-charge'] as const) {
    assert.equal((await subgraph.graph(actorWith(role), '{ auditTrail(filter: {}) { nodes { id } } }')).errors, undefined)
    assert.deepEqual((await ask(role)).data._entities, [{ sequence: 1 }, null])
  }
  for (const role of ['patient', 'caregiver', 'prescriber', 'technician', 'pharmacist', 'inventory', 'driver', 'support', 'partner'] as const) {
    assert.equal((await subgraph.graph(actorWith(role), '{ auditTrail(filter: {}) { nodes { id } } }')).errors?.[0]?.extensions['code'], 'FORBIDDEN', role)
    assert.deepEqual((await ask(role)).data._entities, [null, null], role)
    assert.equal((await subgraph.graph(actorWith(role), '{ verifyAuditChain { valid } }')).errors?.[0]?.extensions['code'], 'FORBIDDEN', role)
  }
  assert.equal((await subgraph.graph(actorWith('pharmacist-in-charge'), '{ verifyAuditChain { valid } }')).errors?.[0]?.extensions['code'], 'FORBIDDEN')
})

test('a page out of bounds, a foreign cursor and a span turned round are refused with the field named', async () => {
  const field = async (query: string) => (await subgraph.graph(compliance, query)).errors?.[0]?.extensions['field']
  assert.equal(await field('{ auditTrail(filter: {}, first: 201) { nodes { id } } }'), 'first')
  assert.equal(await field('{ auditTrail(filter: {}, after: "zzz") { nodes { id } } }'), 'after')
  assert.equal(await field('{ verifyAuditChain(fromSequence: 0) { valid } }'), 'fromSequence')
  assert.equal(await field('{ verifyAuditChain(fromSequence: 3, toSequence: 2) { valid } }'), 'toSequence')
})

test('a search by subject goes through the index', async () => {
  await subgraph.sql('analyze audit_entry')
  await subgraph.sql('set enable_seqscan = off')
  const plan = await subgraph.sql<{ 'QUERY PLAN': string }>(`explain select * from audit_entry where subjects @> array['x']`)
  await subgraph.sql('reset enable_seqscan')
  assert.match(plan.map((row) => row['QUERY PLAN']).join('\n'), /audit_entry_subjects/)
})

test('an anchor notes the head and is announced; being chained itself, it does not call for another', async () => {
  await transact(orm, (em) => anchorChain(em, system))
  const [event] = await subgraph.emitted('audit.chain-anchored.v1')
  const { nodes } = await eventually(async () => {
    const found = await trail({ type: 'audit.chain-anchored.v1', subjectId: 'chain' })
    return found.nodes.length > 0 && found
  })
  assert.deepEqual(nodes[0].data, event)
  const before = await count()
  await transact(orm, (em) => anchorChain(em, system))
  assert.deepEqual([(await subgraph.emitted('audit.chain-anchored.v1')).length, await count()], [1, before])

  await cancelled()
  await chained(before + 1)
  await transact(orm, (em) => anchorChainJob.run(em, system))
  assert.equal((await subgraph.emitted('audit.chain-anchored.v1')).length, 1, 'the hour is not over')
  clock.advance(60 * 60_000)
  try {
    await transact(orm, (em) => anchorChainJob.run(em, system))
  } finally {
    clock.reset()
  }
  assert.equal((await subgraph.emitted('audit.chain-anchored.v1')).length, 2)
  await chained(before + 2)
  assert.equal((await verify()).valid, true)
})

test('S47 who read health information is in the chain, and in the trail where it is asked for', async () => {
  const [reader, prescriptionId, patientId] = [newId(), newId(), newId()]
  const id = await subgraph.publish('audit.phi-read.v1', reader, { operation: 'ReviewPrescription', shown: [{ type: 'Prescription', ids: [prescriptionId] }], patientIds: [patientId], refused: [] })
  await eventually(async () => (await subgraph.sql('select 1 from audit_entry where id = $1', [id])).length)
  assert.deepEqual((await trail({ subjectId: prescriptionId })).nodes, [])
  for (const filter of [{ subjectId: prescriptionId, accesses: true }, { subjectId: patientId, accesses: true }, { subjectId: patientId, type: 'audit.phi-read.v1' }]) {
    assert.deepEqual((await trail(filter)).nodes.map((entry: { id: string }) => entry.id), [id])
  }
  assert.equal((await verify()).valid, true)
})

test('G2 S58 what an event carries sealed is chained as its hash only, and the chain holds', async () => {
  const [patientId, sealed] = [newId(), 'v1.AAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAA.c2VhbGVk']
  const id = await subgraph.publish('patients.clinical-profile-changed.v1', patientId, { patientId, version: 1, sealed })
  const [row] = await eventually(async () => [await subgraph.sql<{ data: object }>('select data from audit_entry where id = $1', [id])].find(({ length }) => length === 1), { what: 'the entry' })
  assert.deepEqual(row!.data, { patientId, version: 1, sealedSha256: createHash('sha256').update(sealed).digest('hex') })
  assert.equal((await verify()).valid, true)
})
