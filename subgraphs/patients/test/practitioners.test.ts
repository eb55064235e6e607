import { test } from 'node:test'
import assert from 'node:assert/strict'
import { newId, systemActor, transact, type Role } from '@pharmagraph/platform'
import { actorWith, testSubgraph } from '../../../tests/environment.ts'
import './support.ts'
import { registerPractitioner, type PractitionerEntry } from '../src/commands/register-practitioner.ts'
import { patients } from '../src/subgraph.ts'

const subgraph = await testSubgraph(patients, { seed: true })
const system = systemActor('test')
const entry: PractitionerEntry = {
  id: newId(), given: 'Ada', family: 'Park', npi: '1234567893', deaNumber: 'AP5836727', specialty: 'Neurology', scheduleAuthority: ['CII'],
  phone: '415-555-0100', clinic: null, licences: [{ number: 'X1', state: 'NV', status: 'ACTIVE', expiresOn: '2999-12-31' }],
}
const keep = (change: Partial<PractitionerEntry>, actor = system) => transact(subgraph.running.orm, (em) => registerPractitioner(em, actor, { ...entry, ...change }))

test('the demo practitioners are found by id and by licence number within its state, and told to the others', async () => {
  const fields = '{ id name { full } npi deaNumber licences { number state status expiresOn } scheduleAuthority }'
  const data = await subgraph.data(actorWith('pharmacist'), `{ byId: practitioner(id: "01990000-0000-7000-8000-000000000201") ${fields} byLicence: practitioner(licenceNumber: "A990201", licenceState: "CA") ${fields}
    elsewhere: practitioner(licenceNumber: "A990201", licenceState: "NV") ${fields} }`)
  assert.deepEqual(data.byId, data.byLicence)
  assert.deepEqual(data.byId.licences, [{ number: 'A990201', state: 'CA', status: 'ACTIVE', expiresOn: '2028-06-30' }])
  assert.equal(data.elsewhere, null)
  const event = (await subgraph.emitted('patients.practitioner-registered.v1')).find(({ npi }) => npi === '1999000106')
  assert.deepEqual(event, {
    practitionerId: '01990000-0000-7000-8000-000000000201', npi: '1999000106', deaNumber: 'FP9902013', active: true, licenceStates: ['CA'],
    scheduleAuthority: ['CII', 'CIII', 'CIV', 'CV'],
  })
  const half = await subgraph.graph(actorWith('pharmacist'), '{ practitioner(licenceNumber: "A990201") { id } }')
  assert.equal(half.errors?.[0]?.extensions['field'], 'licenceState')
})

test('seeding again adds nothing and says nothing again', async () => {
  const { seed } = await import('../src/seed.ts')
  const { services } = await import('../src/services.ts')
  const count = () => subgraph.sql("select (select count(*) from patient) as patients, (select count(*) from practitioner) as practitioners, (select count(*) from outbox) as events, (select count(*) from consent where granted) as consents")
  const before = await count()
  await seed({ services: services(), transact: (work) => transact(subgraph.running.orm, work) })
  assert.deepEqual(await count(), before)
  assert.ok(Number(before[0]?.['consents']) === 2 * Number(before[0]?.['patients']) && Number(before[0]?.['patients']) > 0)
})

test('identifiers are checked by their check digits, and authority over schedules needs a DEA number', async () => {
  for (const [field, change] of Object.entries({ npi: { npi: '1234567890' }, deaNumber: { deaNumber: 'AB4523763' }, licences: { licences: [] } })) {
    await assert.rejects(keep(change as Partial<PractitionerEntry>), { code: 'INVALID_INPUT', details: { field } })
  }
  await assert.rejects(keep({ deaNumber: null }), { code: 'INVALID_INPUT', details: { field: 'deaNumber' } })
  await assert.rejects(keep({}, actorWith('prescriber')), { code: 'FORBIDDEN' })
})

test('a licence number is unique within its state; the same number in another state is another licence', async () => {
  await keep({})
  await keep({ licences: [{ number: 'X1', state: 'NV', status: 'SUSPENDED', expiresOn: '2999-12-31' }] })
  const other = { id: newId(), npi: '1558598797', deaNumber: 'AJ5184279' }
  await assert.rejects(keep(other), { code: 'INVALID_INPUT', details: { field: 'licences' } })
  await keep({ ...other, licences: [{ number: 'X1', state: 'OR', status: 'ACTIVE', expiresOn: '2999-12-31' }] })
  const events = (await subgraph.emitted('patients.practitioner-registered.v1')).filter(({ practitionerId }) => practitionerId === entry.id)
  assert.deepEqual(events.map(({ active, licenceStates }) => [active, licenceStates]), [[true, ['NV']], [false, []]])
})

test('practitioners are listed for staff, prescribers and partners, by the beginning of a name', async () => {
  const list = (role: Role, search?: string) => subgraph.graph(actorWith(role), 'query ($s: String) { practitioners(search: $s, first: 3) { nodes { name { full } deaNumber } edges { cursor } pageInfo { hasNextPage } } }', { s: search })
  const all = await list('partner')
  assert.equal(all.data.practitioners.pageInfo.hasNextPage, true)
  assert.equal(all.data.practitioners.nodes[0].deaNumber, null)
  const found = await list('prescriber', 'pet ele')
  assert.deepEqual(found.data.practitioners.nodes, [{ name: { full: 'Elena Petrova' }, deaNumber: 'FP9902013' }])
  assert.deepEqual((await list('support', '%')).data.practitioners.nodes, [])
  assert.equal((await list('patient')).errors?.[0]?.extensions['code'], 'FORBIDDEN')
})

test('practitioners by reference cost two SQL statements with their licences', async () => {
  const ids = (await subgraph.sql<{ id: string }>('select id from practitioner')).map(({ id }) => id)
  const statements = await subgraph.countSql(async () => {
    const { _entities } = await subgraph.data(actorWith('patient'), 'query ($r: [_Any!]!) { _entities(representations: $r) { ... on Practitioner { id npi licences { number } } } }', {
      r: [...ids, newId()].map((id) => ({ __typename: 'Practitioner', id })),
    })
    assert.equal(_entities.filter(Boolean).length, ids.length)
  })
  assert.equal(statements, 2)
})
