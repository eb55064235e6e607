import { test } from 'node:test'
import assert from 'node:assert/strict'
import { newId } from '@pharmagraph/platform'
import { actorWith, testSubgraph } from '../../../tests/environment.ts'
import { addressService, homes } from './support.ts'
import { logistics } from '../src/subgraph.ts'

const service = await addressService()
const subgraph = await testSubgraph(logistics)

const input = { recipient: 'Zelda Quux', line1: '77 secret lane', city: 'Oakland', state: 'ca', postalCode: '94612', instructions: 'Ring twice' }
const verified = (delivery: object = {}) => ({
  body: {
    street1: '77 SECRET LN', street2: '', city: 'OAKLAND', state: 'CA', zip: '94612-1234', country: 'US',
    verifications: { delivery: { success: true, errors: [], details: { latitude: 37.8061, longitude: -122.2702 }, ...delivery } },
  },
})
const add = async (who: Parameters<typeof subgraph.graph>[0], change: object = {}) =>
  subgraph.graph(who, `mutation ($i: AddAddressInput!) { addAddress(input: $i) { ... on AddressPayload { address { id recipient line1 line2 city state postalCode country deliverability instructions location { latitude longitude } } }
    ... on UndeliverableAddress { code message suggestions } ... on InvalidInput { code field } } }`, { i: { ...input, ...change } })
const newPatient = () => actorWith('patient', { patientId: newId() })

test('S75 an address is kept in its postal form with its place on the map, and told without any of it', async () => {
  const who = newPatient()
  service.next = verified()
  const { address } = (await add(who)).data.addAddress
  const { id, ...rest } = address
  assert.deepEqual(rest, {
    recipient: 'Zelda Quux', line1: '77 SECRET LN', line2: null, city: 'OAKLAND', state: 'CA', postalCode: '94612-1234', country: 'US',
    deliverability: 'DELIVERABLE', instructions: 'Ring twice', location: { latitude: 37.8061, longitude: -122.2702 },
  })
  assert.doesNotMatch(JSON.stringify(service.asked.at(-1)), /Zelda|Ring/, 'the recipient is not told to the address service')
  assert.match(service.asked.at(-1)!.authorization, /^Basic /)
  assert.equal((await add(who)).data.addAddress.address.id, id, 'the same address is kept once')
  assert.deepEqual(await subgraph.emitted('logistics.address-added.v1'), [{ addressId: id, patientId: who.patientId, state: 'CA', deliverability: 'DELIVERABLE' }])
  for (const table of ['address', 'outbox']) assert.deepEqual(await subgraph.sql(`select * from ${table} t where t::text ~* 'zelda|secret|oakland|94612|37\\.8061|ring'`), [], table)
  const { _entities } = await subgraph.data(who, 'query ($r: [_Any!]!) { _entities(representations: $r) { ... on Patient { addresses { id } } } }', { r: [{ __typename: 'Patient', id: who.patientId }] })
  assert.deepEqual(_entities, [{ addresses: [{ id }] }])
})

test('S75 an address a parcel does not get to is refused with what is wrong, one with a warning is uncertain', async () => {
  service.next = verified({ success: false, details: null, errors: [{ code: 'E.ADDRESS.NOT_FOUND', field: 'address', message: 'Address not found', suggestion: '77 Sekret Ln' }] })
  assert.deepEqual((await add(newPatient())).data.addAddress, { code: 'UNDELIVERABLE_ADDRESS', message: 'Address not found', suggestions: ['77 Sekret Ln'] })
  service.next = verified({ details: { latitude: null, longitude: null } })
  assert.equal((await add(newPatient())).data.addAddress.code, 'UNDELIVERABLE_ADDRESS')
  service.next = verified({ errors: [{ code: 'E.SECONDARY_INFORMATION.MISSING', field: 'street2', message: 'Missing apartment', suggestion: null }] })
  assert.equal((await add(newPatient())).data.addAddress.address.deliverability, 'UNCERTAIN')
})

test('while the address service is down the patient is asked to try again, and nothing is guessed', async () => {
  for (const next of [{ status: 500 }, { status: 429 }, { status: 201, body: {} }]) {
    service.next = next
    const answer = await add(newPatient())
    assert.equal(answer.errors?.[0]?.extensions['code'], 'UNAVAILABLE')
    assert.match(answer.errors![0]!.message, /try again/)
  }
})

test('what is not an address is refused before anybody is asked', async () => {
  service.next = verified()
  const asked = service.asked.length
  for (const [field, value] of Object.entries({ recipient: ' ', line1: '', city: '', state: 'Kalifornia', postalCode: '9461', country: 'DE', instructions: 'x'.repeat(301) })) {
    assert.deepEqual((await add(newPatient(), { [field]: value })).data.addAddress, { code: 'INVALID_INPUT', field })
  }
  for (const who of [actorWith('patient'), actorWith('technician', { patientId: homes.mission.patientId })]) assert.equal((await add(who)).errors?.[0]?.extensions['code'], 'FORBIDDEN')
  assert.equal(service.asked.length, asked)
})

test('addresses of fifty patients cost two SQL statements', async () => {
  const people = Array.from({ length: 50 }, newPatient)
  service.next = verified()
  await Promise.all(people.map((who) => add(who)))
  const statements = await subgraph.countSql(async () => {
    const { _entities } = await subgraph.data(actorWith('support'), 'query ($r: [_Any!]!) { _entities(representations: $r) { ... on Patient { addresses { line1 location { latitude } } } } }', { r: people.map(({ patientId }) => ({ __typename: 'Patient', id: patientId })) })
    assert.ok(_entities.every((patient: { addresses: { line1: string }[] }) => patient.addresses[0]?.line1 === '77 SECRET LN'))
  })
  assert.equal(statements, 2)
})
