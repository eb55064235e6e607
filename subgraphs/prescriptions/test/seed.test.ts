import { test } from 'node:test'
import assert from 'node:assert/strict'
import { actorWith, eventually, testSubgraph } from '../../../tests/environment.ts'
import { seed } from '../src/seed.ts'
import { services } from '../src/services.ts'
import { prescriptions } from '../src/subgraph.ts'
import './settings.ts'

const subgraph = await testSubgraph(prescriptions, { background: true, seed: true })
const james = '01990000-0000-7000-8000-000000000102'

test('the demo has prescriptions of every course, and waiting work for pharmacists and technicians', async () => {
  const depth = async (name: string) => (await subgraph.data(actorWith('pharmacist'), 'query ($n: WorkQueueName!) { workQueue(name: $n) { depth } }', { n: name })).workQueue.depth
  await eventually(async () => (await depth('VERIFICATION')) >= 3 && (await depth('DATA_ENTRY')) === 1, { what: 'waiting work' })
  const states = (await subgraph.sql<{ status: string }>('select distinct status from prescription order by 1')).map(({ status }) => status)
  for (const state of ['VERIFIED', 'REJECTED', 'DISCONTINUED', 'CLINICAL_REVIEW', 'DATA_ENTRY']) assert.ok(states.includes(state), `${state} in ${states.join(' ')}`)
  const { _entities } = await subgraph.data(actorWith('patient', { patientId: james }), 'query ($r: [_Any!]!) { _entities(representations: $r) { ... on Patient { prescriptions(filter: ACTIVE) { nodes { drugText status } } } } }', { r: [{ __typename: 'Patient', id: james }] })
  assert.ok(_entities[0].prescriptions.nodes.some(({ drugText, status }: { drugText: string; status: string }) => /warfarin/i.test(drugText) && status === 'VERIFIED'))
})

test('sowing twice changes nothing', async () => {
  const count = async () => (await subgraph.sql<{ n: number }>('select count(*)::int as n from prescription'))[0]!.n
  const before = await count()
  await seed({ services: services(), transact: (work) => subgraph.running.orm.em.fork().transactional(work) })
  assert.equal(await count(), before)
})
