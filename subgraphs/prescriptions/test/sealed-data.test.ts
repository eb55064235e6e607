import { test } from 'node:test'
import assert from 'node:assert/strict'
import { actorWith, eventually, testSubgraph } from '../../../tests/environment.ts'
import { erase, turningVault } from '../../../tests/keys.ts'
import './settings.ts'
import { services } from '../src/services.ts'
import { prescriptions } from '../src/subgraph.ts'

const { vault, rotate } = turningVault()
const subgraph = await testSubgraph({ ...prescriptions, services: () => ({ ...services(), vault }), jobs: [] }, { background: true, seed: true })
const [james, maria] = ['01990000-0000-7000-8000-000000000102', '01990000-0000-7000-8000-000000000101']
const of = async (patientId: string) => {
  const { _entities } = await subgraph.data(actorWith('patient', { patientId }), 'query ($r: [_Any!]!) { _entities(representations: $r) { ... on Patient { prescriptions(filter: ALL) { nodes { id drugText sig } } } } }', { r: [{ __typename: 'Patient', id: patientId }] })
  return _entities[0].prescriptions.nodes as { id: string; sig: string }[]
}
const written = async (practitionerId: string) =>
  (await subgraph.data(actorWith('prescriber', { practitionerId }), '{ writtenPrescriptions(first: 100) { nodes { id sig } } }')).writtenPrescriptions.nodes as { id: string }[]

test('S45 prescriptions stay readable while the key-encryption key changes', async () => {
  const states = async () => (await subgraph.sql<{ n: number }>("select count(*)::int as n from prescription where status in ('RECEIVED', 'VALIDATED')"))[0]!.n
  await eventually(async () => (await states()) === 0 && (await subgraph.sql('select 1 from outbox where published_at is null')).length === 0, { what: 'the seed to settle' })
  assert.ok((await of(james)).every(({ sig }) => sig.length > 5))
  await rotate(subgraph, () => of(james))
})

test('S51 what an erased patient was prescribed opens no more, and stands in nobody\'s list', async () => {
  const [{ id, practitioner_id: by }] = await subgraph.sql<{ id: string; practitioner_id: string }>('select id, practitioner_id from prescription where patient_id = $1 and practitioner_id is not null', [james]) as [{ id: string; practitioner_id: string }]
  assert.ok((await written(by)).some((prescription) => prescription.id === id))
  await erase(subgraph, 'prescriptions', james)
  assert.deepEqual(await of(james), [])
  assert.ok((await of(maria)).length > 0)
  assert.ok(!(await written(by)).some((prescription) => prescription.id === id))
  const answer = await subgraph.graph(actorWith('pharmacist'), 'query ($id: ID!) { prescription(id: $id) { sig } }', { id })
  assert.deepEqual([answer.data.prescription, answer.errors?.[0]?.extensions['code']], [null, 'ERASED'])
  for (const table of ['patient_token', 'clinical_profile_fact']) assert.deepEqual(await subgraph.sql(`select * from ${table} where patient_id = $1`, [james]), [])
})
