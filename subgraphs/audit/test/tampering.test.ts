import { test } from 'node:test'
import assert from 'node:assert/strict'
import { newId, systemActor, transact, type CloudEvent } from '@pharmagraph/platform'
import { actorWith, testSubgraph } from '../../../tests/environment.ts'
import { hashOf } from '../src/chain.ts'
import { anchorChain } from '../src/commands/anchor-chain.ts'
import { appendEntries } from '../src/commands/append-entries.ts'
import { AuditEntry } from '../src/entities/audit-entry.ts'
import { verifyChain, type Span, type Verification } from '../src/reads/verify-chain.ts'
import { audit } from '../src/subgraph.ts'

const subgraph = await testSubgraph(audit)
const { orm } = subgraph.running
const system = systemActor('audit')
const compliance = actorWith('compliance')

const event = (): CloudEvent => {
  const orderId = newId()
  return {
    specversion: '1.0', id: newId(), source: '/pharmagraph/orders', type: 'orders.order-cancelled.v1', subject: orderId, time: new Date().toISOString(),
    datacontenttype: 'application/json', actor: 'someone', actorrole: 'patient', correlationid: newId(), data: { orderId, patientId: newId(), reasonCode: 'X' },
  }
}
const append = (entries: number) => transact(orm, (em) => appendEntries(em, system, Array.from({ length: entries }, event)))
await append(20)
await transact(orm, (em) => anchorChain(em, system))
await append(5)

const verify = async (span: { from?: number; to?: number } = {}) =>
  (await subgraph.data(compliance, 'query ($from: Int, $to: Int) { verifyAuditChain(fromSequence: $from, toSequence: $to) { valid entriesChecked headSequence firstBadSequence problem } }', span)).verifyAuditChain

/** Verifies after what somebody with every right over the database could do, triggers off; then all of it is undone. */
async function afterTampering(statements: (string | [string, unknown[]])[], { span = {}, grown = 0 }: { span?: Span; grown?: number } = {}): Promise<Verification> {
  const undo = new Error('undo')
  let answer: Verification | undefined
  await orm.em.fork().transactional(async (em) => {
    for (const table of ['audit_entry', 'anchor']) await em.execute(`alter table ${table} disable trigger user`)
    for (const statement of statements) await (typeof statement === 'string' ? em.execute(statement) : em.execute(...statement))
    if (grown) await appendEntries(em, system, Array.from({ length: grown }, event))
    answer = await verifyChain(em, compliance, span)
    throw undo
  }).catch((error: unknown) => {
    if (error !== undo) throw error
  })
  return answer!
}
const firstBadAfter = async (...statements: (string | [string, unknown[]])[]): Promise<number | null> => (await afterTampering(statements)).firstBadSequence

test('an untouched chain is valid, whole and in any span', async () => {
  assert.deepEqual(await verify(), { valid: true, entriesChecked: 25, headSequence: 25, firstBadSequence: null, problem: null })
  assert.deepEqual(await verify({ from: 5, to: 9 }), { valid: true, entriesChecked: 5, headSequence: 25, firstBadSequence: null, problem: null })
  assert.equal((await verify({ from: 26 })).entriesChecked, 0)
})

test('S22 S42 the trail and its anchors cannot be changed, deleted or emptied, not even by the role that owns them', async () => {
  for (const table of ['audit_entry', 'anchor']) {
    for (const statement of [`update ${table} set hash = 'x'`, `delete from ${table}`, `truncate ${table}`]) await assert.rejects(subgraph.sql(statement), /append-only/, statement)
  }
})

test('S58 an entry edited in any column is named', async () => {
  for (const change of [
    `data = data || '{"reasonCode": "Y"}'`, `actor = 'another'`, `actor_role = 'system'`, `at = at + interval '1 ms'`, `type = 'orders.order-paid.v1'`, `source = 'x'`,
    `subjects = '{}'`, `correlation_id = 'x'`, `causation_id = 'x'`, `id = '${newId()}'`, `hash = repeat('a', 64)`, `previous_hash = repeat('a', 64)`,
  ]) {
    assert.equal(await firstBadAfter(`update audit_entry set ${change} where sequence = 7`), 7, change)
  }
  assert.equal(await firstBadAfter(`update audit_entry set actor = 'x' where sequence in (1, 7)`), 1)
})

test('an entry edited together with its own hash is named, since the next one continues the true one', async () => {
  const entry = await orm.em.fork().findOneOrFail(AuditEntry, { sequence: 7 })
  const forged = hashOf(entry.previousHash, { ...entry, actor: 'another' })
  assert.equal(await firstBadAfter([`update audit_entry set actor = 'another', hash = ? where sequence = 7`, [forged]]), 7)
})

test('S58 an entry deleted from the middle or from the beginning is named, also when the others close the gap', async () => {
  assert.equal(await firstBadAfter('delete from audit_entry where sequence = 7'), 7)
  assert.equal(await firstBadAfter('delete from audit_entry where sequence = 1'), 1)
  assert.equal(await firstBadAfter('delete from audit_entry where sequence = 7', 'update audit_entry set sequence = 1 - sequence where sequence > 7', 'update audit_entry set sequence = -sequence where sequence < 0'), 7)
})

test('S58 two entries that changed places are named', async () => {
  assert.equal(await firstBadAfter(...[[7, 0], [9, 7], [0, 9]].map(([from, to]) => `update audit_entry set sequence = ${to} where sequence = ${from}`)), 7)
})

test('an entry slipped in is named', async () => {
  const copy = `insert into audit_entry select ?, 26, at, type, source, actor, actor_role, subjects, correlation_id, causation_id, data, hash, previous_hash from audit_entry where sequence = 25`
  assert.equal(await firstBadAfter([copy, [newId()]]), 26)
})

test('a tail cut off below the last anchor is found against the anchor, also when the chain has grown on since', async () => {
  const cut = ['delete from audit_entry where sequence > 18']
  const { valid, firstBadSequence, problem } = await afterTampering(cut)
  assert.deepEqual([valid, firstBadSequence], [false, 19])
  assert.match(problem ?? '', /anchored up to 20/)
  assert.equal((await afterTampering(cut, { grown: 10 })).firstBadSequence, 20)
})

test('a chain computed anew from some entry on is found against the anchor', async () => {
  const entries = await orm.em.fork().find(AuditEntry, { sequence: { $gte: 15 } }, { orderBy: { sequence: 'asc' } })
  let previousHash = entries[0]!.previousHash
  const forgery = entries.map((entry, index): [string, unknown[]] => {
    const actor = index === 0 ? 'another' : entry.actor
    const hash = hashOf(previousHash, { ...entry, actor })
    const update: [string, unknown[]] = ['update audit_entry set actor = ?, hash = ?, previous_hash = ? where sequence = ?', [actor, hash, previousHash, entry.sequence]]
    previousHash = hash
    return update
  })
  const { valid, firstBadSequence, problem } = await afterTampering(forgery)
  assert.deepEqual([valid, firstBadSequence], [false, 20])
  assert.match(problem ?? '', /computed anew/)
})

test('a span that begins after a gap says so', async () => {
  assert.equal((await afterTampering(['delete from audit_entry where sequence = 7'], { span: { fromSequence: 8 } })).firstBadSequence, 7)
  assert.equal((await verify()).valid, true, 'and all of this was undone')
})

test('writers at the same moment, with events in common, make one chain with each event once', async () => {
  const before = (await verify()).headSequence
  const events = Array.from({ length: 60 }, event)
  await Promise.all(Array.from({ length: 20 }, (_, i) => transact(orm, (em) => appendEntries(em, system, events.slice(i * 2, i * 2 + 22)))))
  const after = await verify()
  assert.deepEqual([after.valid, after.headSequence], [true, before + 60])
})
