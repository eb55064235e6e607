import { test } from 'node:test'
import assert from 'node:assert/strict'
import { newId, type Actor } from '@pharmagraph/platform'
import { actorWith, testSubgraph } from '../../../tests/environment.ts'
import { registered } from './support.ts'
import { patients } from '../src/subgraph.ts'

const subgraph = await testSubgraph(patients)
const { actor: patient, id } = await registered(subgraph)
const other = await registered(subgraph)
const pharmacist = actorWith('pharmacist', { pharmacistId: newId(), clientId: 'staff' })

type Note = { actor: string; actor_role: string; subject: string; data: { operation: string; clientId?: string; shown: { type: string; ids: string[] }[]; patientIds: string[]; refused: { what: string; ids: string[] }[] } }
/** What is noted while `work` runs. */
async function notes(work: () => Promise<unknown>): Promise<Note[]> {
  const [last] = await subgraph.sql<{ position: string | null }>(`select max(position) as position from outbox`)
  await work()
  return subgraph.sql<Note>(`select actor, actor_role, subject, data from outbox where type = 'audit.phi-read.v1' and position > $1 order by position`, [last?.position ?? 0])
}
const read = (actor: Actor, patientId = id) => subgraph.graph(actor, 'query ($id: ID!) { patient(id: $id) { id name { full } dateOfBirth allergies { substance { display } } } }', { id: patientId })

test('S47 a pharmacist who reads a patient is noted before the answer is out: who, when, which objects, never their content', async () => {
  const [note, ...more] = await notes(async () => assert.equal((await read(pharmacist)).data.patient.id, id))
  assert.deepEqual(more, [], 'one note a request, however many fields')
  assert.deepEqual([note!.actor, note!.actor_role, note!.subject], [pharmacist.subject, 'pharmacist', pharmacist.subject])
  assert.deepEqual(note!.data, { operation: 'ad hoc', clientId: 'staff', shown: [{ type: 'Patient', ids: [id] }], patientIds: [id], refused: [] })
})

test('S47 a read that is refused is noted with what was asked for', async () => {
  const byField = await notes(async () => assert.equal((await read(patient, other.id)).data.patient, null))
  assert.deepEqual(byField.map(({ actor, data }) => [actor, data.shown, data.refused]), [[patient.subject, [], [{ what: 'Query.patient', ids: [other.id] }]]])
  const references = [{ __typename: 'Patient', id: other.id }, { __typename: 'Patient', id }]
  const byReference = await notes(() => subgraph.data(patient, 'query ($r: [_Any!]!) { _entities(representations: $r) { ... on Patient { email } } }', { r: references }))
  assert.deepEqual(byReference.map(({ data }) => [data.shown, data.refused]), [[[{ type: 'Patient', ids: [id] }], [{ what: 'Patient', ids: [other.id] }]]])
})

test('S47 a change that is refused is noted', async () => {
  const found = await notes(() => subgraph.graph(actorWith('pharmacist'), 'mutation ($id: ID!) { postMessage(input: { threadId: $id, body: "x" }) { __typename } }', { id: other.id }))
  assert.deepEqual(found.map(({ data }) => data.refused), [[{ what: 'Mutation.postMessage', ids: [other.id] }]])
})

test('S47 a patient’s own read is noted; one without health information is not', async () => {
  const own = await notes(() => subgraph.data(patient, '{ me { email } }'))
  assert.deepEqual(own.map(({ actor, data }) => [actor, data.patientIds]), [[patient.subject, [id]]])
  assert.deepEqual(await notes(() => subgraph.data(patient, '{ me { id } __typename }')), [])
})

test('the operation is noted by the name the gateway gives it', async () => {
  const [note] = await notes(async () => {
    await fetch(subgraph.url, { method: 'POST', headers: { 'content-type': 'application/json', 'x-operation': 'Me', ...(await subgraph.headersFor(patient)) }, body: JSON.stringify({ query: '{ me { phone } }' }) })
  })
  assert.equal(note!.data.operation, 'Me')
})

test('of many reads at once each is noted', async () => {
  const found = await notes(() => Promise.all(Array.from({ length: 60 }, () => read(pharmacist))))
  assert.equal(found.length, 60)
})

test('a read whose note cannot be kept is not answered', async () => {
  await subgraph.sql('alter table outbox rename to away')
  try {
    const answer = await subgraph.graph(pharmacist, 'query ($id: ID!) { patient(id: $id) { email } }', { id })
    assert.deepEqual([answer.data, answer.errors![0]!.extensions['code']], [undefined, 'INTERNAL'])
    assert.doesNotMatch(JSON.stringify(answer), /outbox/)
  } finally {
    await subgraph.sql('alter table away rename to outbox')
  }
  assert.equal((await read(pharmacist)).data.patient.id, id)
})
