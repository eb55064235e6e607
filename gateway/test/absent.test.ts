import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Send } from '../src/execution/execute.ts'
import type { SubgraphData } from '../src/execution/subgraphs.ts'
import { Operations } from '../src/operations/operations.ts'
import { buildGraph } from '../src/supergraph/graph.ts'
import { everybody } from './support/reference.ts'
import { compose } from './support/supergraphs.ts'

const { sdl } = compose({
  recalls: `
    type Query { affected: [Fill!]! first: Fill }
    type Fill @key(fields: "id") { id: ID! patient: Patient units: Int! }
    type Patient @key(fields: "id", resolvable: false) { id: ID! }`,
  patients: 'type Patient @key(fields: "id") { id: ID! name: String! phone: String }',
  prescriptions: 'type Fill @key(fields: "id") { id: ID! number: String! }',
})
const operations = new Operations(buildGraph(sdl))
const patients: Record<string, unknown> = { p1: { name: 'Ada', phone: null } }

const send = (more: Partial<Record<string, unknown>> = {}): Send => async (service, body) => {
  const { variables } = JSON.parse(body) as { variables: { representations?: { id: string }[] } }
  if (service === 'recalls') return { data: { affected: [{ __typename: 'Fill', id: 'f1', units: 1, patient: { __typename: 'Patient', id: 'p1' } }, { __typename: 'Fill', id: 'f2', units: 2, patient: { __typename: 'Patient', id: 'p2' } }] } }
  if (service === 'prescriptions') return { data: { _entities: variables.representations!.map(({ id }) => ({ number: id })) } }
  return (more[service] as SubgraphData | undefined) ?? { data: { _entities: variables.representations!.map(({ id }) => patients[id] ?? null) } }
}
const ask = async (text: string, how = send()) => {
  const { body } = await operations.fromText(text).respond({ actor: everybody, send: how }, {})
  const { data, errors = [] } = JSON.parse(body) as { data: unknown; errors?: { path: unknown[]; message: string; extensions: Record<string, unknown> }[] }
  return { data, errors: errors.map(({ path, extensions: { code, serviceName } }) => [path.join('.'), code, serviceName]), messages: errors.map(({ message }) => message) }
}

test('a field that may not be null of an entity that its owner does not show is not found, which is no fault of the owner', async () => {
  const { data, errors, messages } = await ask('{ affected { number units patient { name } } }')
  assert.deepEqual(data, { affected: [{ number: 'f1', units: 1, patient: { name: 'Ada' } }, { number: 'f2', units: 2, patient: null }] })
  assert.deepEqual(errors, [['affected.1.patient.name', 'NOT_FOUND', 'patients']])
  assert.deepEqual(messages, ['there is no such Patient, or it is not yours'])
})

test('what may be null of it is null, without a word', async () => {
  assert.deepEqual(await ask('{ affected { patient { id phone } } }'), { data: { affected: [{ patient: { id: 'p1', phone: null } }, { patient: { id: 'p2', phone: null } }] }, errors: [], messages: [] })
})

test('an error of the owner for it stays the one that is told', async () => {
  const refusing = send({ patients: { data: { _entities: [{ name: 'Ada' }, null] }, errors: [{ message: 'consent was withdrawn', path: ['_entities', 1], extensions: { code: 'FORBIDDEN' } }] } })
  assert.deepEqual((await ask('{ affected { patient { name } } }', refusing)).errors, [['affected.1.patient', 'FORBIDDEN', 'patients']])
})

test('an owner that shows the entity and leaves out the field is at fault', async () => {
  const faulty = send({ patients: { data: { _entities: [{ name: 'Ada' }, { name: null }] } } })
  assert.deepEqual((await ask('{ affected { patient { name } } }', faulty)).errors, [['affected.1.patient.name', 'INVALID_SUBGRAPH_RESPONSE', undefined]])
})
