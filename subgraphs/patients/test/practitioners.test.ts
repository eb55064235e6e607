import { after, test } from 'node:test'
import assert from 'node:assert/strict'
import { addDays, clock, newId, systemActor, transact, type Role } from '@pharmagraph/platform'
import { actorWith, testSubgraph } from '../../../tests/environment.ts'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import './support.ts'
import { openProfile } from '../src/clinical-profile.ts'
import { registerPractitioner, type PractitionerEntry } from '../src/commands/register-practitioner.ts'
import { recheckLicences } from '../src/jobs/recheck-licences.ts'
import { httpRegister } from '../src/licences/http-register.ts'
import { patients } from '../src/subgraph.ts'

const folder = await mkdtemp(join(tmpdir(), 'register-'))
after(() => rm(folder, { recursive: true, force: true }))
process.env['LICENCE_REGISTER_FILE'] = join(folder, 'register.json')
const register = (entries: object[]) => writeFile(process.env['LICENCE_REGISTER_FILE']!, JSON.stringify(entries))

const subgraph = await testSubgraph(patients, { seed: true })
const system = systemActor('test')
const entry: PractitionerEntry = {
  id: newId(), given: 'Ada', family: 'Park', npi: '1234567893', deaNumber: 'AP5836727', specialty: 'Neurology', scheduleAuthority: ['CII'],
  phone: '415-555-0100', clinic: null, licences: [{ number: 'X1', state: 'NV', status: 'ACTIVE', expiresOn: '2999-12-31' }],
}
const keep = (change: Partial<PractitionerEntry>, actor = system) => transact(subgraph.running.orm, (em) => registerPractitioner(em, actor, { ...entry, ...change }))

test('S24 the demo practitioners are found by id and by licence number within its state, and told to the others', async () => {
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

test('drug screening learns the clinical profile of the demo patients', async () => {
  const maria = (await subgraph.emitted('patients.clinical-profile-changed.v1')).filter(({ patientId }) => patientId.endsWith('101')).at(-1)!
  const profile = openProfile(Buffer.from(process.env['MATCH_KEY']!, 'base64'), maria, maria.sealed)
  assert.deepEqual([profile.birthYearMonth, profile.sex, profile.allergies[0]?.class, profile.conditions.map(({ code }) => code)], ['1968-04', 'FEMALE', 'penicillin', ['I10', 'E11.9', 'E78.5']])
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

test('S24 identifiers are checked by their check digits, and authority over schedules needs a DEA number', async () => {
  for (const [field, change] of Object.entries({ npi: { npi: '1234567890' }, deaNumber: { deaNumber: 'AB4523763' }, licences: { licences: [] } })) {
    await assert.rejects(keep(change as Partial<PractitionerEntry>), { code: 'INVALID_INPUT', details: { field } })
  }
  await assert.rejects(keep({ deaNumber: null }), { code: 'INVALID_INPUT', details: { field: 'deaNumber' } })
  await assert.rejects(keep({}, actorWith('prescriber')), { code: 'FORBIDDEN' })
})

test('S24 a licence number is unique within its state; the same number in another state is another licence', async () => {
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

test('S24 the register is asked about every licence once a day; who lost theirs is told of as inactive, and who got it back as active', async () => {
  const id = newId()
  const licence = { number: 'R7', state: 'WA', status: 'ACTIVE', expiresOn: '2999-12-31' } as const
  const own = { id, npi: '1245319599', deaNumber: 'AB1234563', licences: [licence] }
  await keep(own)
  const told = async () => (await subgraph.emitted('patients.practitioner-registered.v1')).filter(({ practitionerId }) => practitionerId === id).map(({ active, licenceStates }) => [active, licenceStates])
  const shown = async () => (await subgraph.data(actorWith('pharmacist'), 'query ($id: ID!) { practitioner(id: $id) { licences { status expiresOn checkedAt } } }', { id })).practitioner.licences[0]
  const check = () => transact(subgraph.running.orm, (em) => recheckLicences.run(em, system))
  const nextDay = () => clock.advance(24 * 60 * 60_000 + 1_000)
  try {
    await register([licence])
    assert.equal((await shown()).checkedAt, null)
    await check()
    assert.ok((await shown()).checkedAt)
    await register([{ ...licence, status: 'SUSPENDED' }])
    await check()
    assert.deepEqual(await told(), [[true, ['WA']]], 'asked once a day only')
    nextDay()
    await check()
    await check()
    assert.deepEqual([(await shown()).status, await told()], ['SUSPENDED', [[true, ['WA']], [false, []]]])
    await register([licence])
    nextDay()
    await check()
    assert.deepEqual((await told()).at(-1), [true, ['WA']])

    // a register that does not answer, or knows nothing, changes nothing; a day that passes does
    const lastDay = clock.today()
    await register([{ ...licence, expiresOn: lastDay }])
    nextDay()
    await check()
    assert.deepEqual([(await shown()).status, (await told()).at(-1)], ['EXPIRED', [false, []]])
    await register([{ ...licence, expiresOn: '2999-01-01' }])
    nextDay()
    await check()
    assert.deepEqual((await told()).at(-1), [true, ['WA']])
    const asked = (await shown()).checkedAt
    nextDay()
    await writeFile(process.env['LICENCE_REGISTER_FILE']!, 'not JSON')
    await check()
    await register([])
    clock.advance(16 * 60_000)
    await check()
    assert.deepEqual([await shown(), (await told()).length], [{ status: 'ACTIVE', expiresOn: '2999-01-01', checkedAt: asked }, 5])
    await register([licence])
    nextDay()
    await check()
    assert.notEqual((await shown()).checkedAt, asked)
  } finally {
    clock.reset()
  }
})

test('S24 a licence whose last day has passed is over at midnight, not when its daily check comes', async () => {
  const id = newId()
  const lastDay = clock.today()
  const licence = { number: 'R8', state: 'WA', status: 'ACTIVE', expiresOn: lastDay } as const
  const check = () => transact(subgraph.running.orm, (em) => recheckLicences.run(em, system))
  const active = async () => (await subgraph.emitted('patients.practitioner-registered.v1')).findLast(({ practitionerId }) => practitionerId === id)?.active
  await register([licence])
  await keep({ id, npi: '1700000015', deaNumber: 'FB7700013', licences: [licence] })
  await check()
  assert.equal(await active(), true)
  try {
    // two minutes into the next day at the pharmacy
    clock.set(new Date(Date.parse(`${addDays(lastDay, 1)}T08:02:00Z`)))
    await check()
    assert.equal(await active(), false)
  } finally {
    clock.reset()
  }
})

test('S24 nobody is registered under the number of somebody else, and what is no id leads to nobody', async () => {
  const answer = async (input: object) => (await subgraph.data(actorWith('pharmacist-in-charge'), `mutation ($i: RegisterPractitionerInput!) { registerPractitioner(input: $i) { ... on RegisterPractitionerPayload { practitioner { id } } ... on InvalidInput { field } } }`, { i: {
    given: 'Ada', family: 'Byron', npi: '1700000023', deaNumber: 'FB7700025', specialty: 'Family medicine', phone: '4155550188', licences: [{ number: 'R9', state: 'WA', expiresOn: '2999-12-31' }], ...input } })).registerPractitioner
  assert.ok((await answer({})).practitioner.id)
  assert.deepEqual([await answer({ deaNumber: 'FB7700037' }), await answer({ npi: '1700000031' }), await answer({ id: 'x', npi: '1700000049', deaNumber: null })], [{ field: 'npi' }, { field: 'deaNumber' }, { field: 'id' }])
  assert.equal((await subgraph.data(actorWith('support'), '{ practitioner(id: "x") { id } }')).practitioner, null)
})

test('S24 the pharmacist in charge takes practitioners into the register; odd but possible comes as a warning', async () => {
  const input = {
    given: 'Bo', family: 'Yu', npi: '2000000010', deaNumber: 'BB1388568', specialty: 'Cardiology', scheduleAuthority: ['CII', 'CI'], phone: '415-555-0107',
    licences: [{ number: 'y1', state: 'HI', expiresOn: '2999-12-31' }],
  }
  const add = (who: ReturnType<typeof actorWith>, change: object = {}) => subgraph.graph(who, `mutation ($i: RegisterPractitionerInput!) { registerPractitioner(input: $i) {
    ... on RegisterPractitionerPayload { practitioner { id npi licences { number state status } } warnings } ... on InvalidInput { field } } }`, { i: { ...input, ...change } })
  const chief = actorWith(['pharmacist', 'pharmacist-in-charge'])
  const { practitioner, warnings } = (await add(chief)).data.registerPractitioner
  assert.deepEqual([practitioner.npi, practitioner.licences, warnings.length], ['2000000010', [{ number: 'Y1', state: 'HI', status: 'ACTIVE' }], 2])
  assert.equal((await add(chief, { npi: '1234567890' })).data.registerPractitioner.field, 'npi')
  assert.equal((await add(actorWith('pharmacist'))).errors?.[0]?.extensions['code'], 'FORBIDDEN')
})

test('S24 a register behind an address is asked by state and number; what it does not say clearly is no answer', async () => {
  const answers: Record<string, [status: number, body: string]> = {
    '/licences/CA/A%201': [200, '{"status":"SUSPENDED","expiresOn":"2030-01-31"}'], '/licences/CA/X': [404, ''], '/licences/CA/Y': [500, ''], '/licences/CA/Z': [200, '{"status":"FINE","expiresOn":"2030-01-31"}'], '/licences/CA/W': [200, 'nonsense'],
  }
  const asked: (string | undefined)[] = []
  const server = createServer((request, response) => {
    asked.push(request.headers.authorization)
    const [status, body] = answers[request.url!] ?? [418, '']
    response.writeHead(status, { 'content-type': 'application/json' }).end(body)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  try {
    const { find } = httpRegister(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, 'secret')
    assert.deepEqual(await find({ number: 'A 1', state: 'CA' }), { number: 'A 1', state: 'CA', status: 'SUSPENDED', expiresOn: '2030-01-31' })
    assert.equal(await find({ number: 'X', state: 'CA' }), undefined)
    for (const number of ['Y', 'Z', 'W']) await assert.rejects(find({ number, state: 'CA' }), { code: 'UNAVAILABLE' })
    assert.deepEqual(new Set(asked), new Set(['Bearer secret']))
  } finally {
    server.close()
  }
  await assert.rejects(httpRegister('http://127.0.0.1:9').find({ number: 'A', state: 'CA' }), { code: 'UNAVAILABLE' })
})
