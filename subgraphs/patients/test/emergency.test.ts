import { test } from 'node:test'
import assert from 'node:assert/strict'
import { clock, newId, transact, systemActor, type Actor } from '@pharmagraph/platform'
import { actorWith, testSubgraph } from '../../../tests/environment.ts'
import { endEmergencyAccesses } from '../src/jobs/end-emergency-accesses.ts'
import { patients } from '../src/subgraph.ts'
import { registered } from './support.ts'

const subgraph = await testSubgraph(patients)
const freshly = () => ({ amr: ['pwd', 'otp'], authTime: Math.floor(clock.now().getTime() / 1000) })
const doctor = (claims: Partial<Actor> = {}) => actorWith('prescriber', { practitionerId: newId(), ...freshly(), ...claims })
const officer = actorWith('compliance')
const breakGlass = (who: Actor, lookup: object, about: object = {}) =>
  subgraph.graph(who, `mutation ($i: BreakGlassInput!) { breakGlass(input: $i) {
    ... on BreakGlassPayload { access { id patient { id allergies { id } } note status inForce expiresAt allowedActions } } ... on StepUpRequired { code acrValues } ... on InvalidInput { code field } } }`,
    { i: { who: lookup, reason: 'ACUTE_TREATMENT', note: 'Found unresponsive, needs the list of medicines', ...about } })
const seen = async (who: Actor, id: string) => (await subgraph.data(who, 'query ($id: ID!) { patient(id: $id) { id name { full } threads { nodes { id } } } }', { id })).patient
const codeOf = ({ errors }: { errors?: { extensions: Record<string, unknown> }[] }) => errors?.[0]?.extensions['code']
const person = (n: number) => ({ given: `Emma${'abcdefghij'[n]}`, family: 'Ruiz', dateOfBirth: `1970-01-0${n + 1}` })
const told = async (accessId: string) => (await subgraph.emitted('patients.emergency-access-changed.v1')).filter((event) => event.accessId === accessId).map(({ status }) => status)

test('H1 G3 in an emergency a prescriber sees a record that is closed to them, for an hour, on the record', async () => {
  const { actor, id } = await registered(subgraph, person(0))
  const elena = doctor()
  assert.equal(await seen(elena, id), null)
  const { data } = await breakGlass(elena, person(0))
  const { access } = data.breakGlass
  assert.deepEqual([access.patient.id, access.status, access.inForce, access.allowedActions], [id, 'ACTIVE', true, ['end']])
  assert.equal(Date.parse(access.expiresAt) - clock.now().getTime() <= 60 * 60_000, true)
  // the messages between patient and pharmacist stay theirs, and other doctors see nothing
  assert.deepEqual(await seen(elena, id), { id, name: { full: 'Emmaa Ruiz' }, threads: { nodes: [] } })
  assert.equal(await seen(doctor(), id), null)
  // a second click is the same access
  assert.equal((await breakGlass(elena, person(0))).data.breakGlass.access.id, access.id)
  // the patient knows who, why and until when, and was told
  const { me } = await subgraph.data(actor, '{ me { emergencyAccesses { nodes { id reason note inForce } } notifications { nodes { template reference status } } } }')
  assert.deepEqual(me.emergencyAccesses.nodes, [{ id: access.id, reason: 'ACUTE_TREATMENT', note: 'Found unresponsive, needs the list of medicines', inForce: true }])
  assert.deepEqual(me.notifications.nodes, [{ template: 'EMERGENCY_ACCESS', reference: access.id, status: 'QUEUED' }])
  const [raw] = await subgraph.sql<{ text: string }>('select a::text as text from emergency_access a where id = $1', [access.id])
  assert.doesNotMatch(raw!.text, /unresponsive/)
  try {
    clock.advance(60 * 60_000 + 1)
    assert.equal(await seen(elena, id), null)
    await transact(subgraph.running.orm, (em) => endEmergencyAccesses.run(em, systemActor('patients')))
    assert.deepEqual(await told(access.id), ['ACTIVE', 'ENDED'])
  } finally {
    clock.reset()
  }
})

test('H1 the glass is broken only by prescribers, with a second factor of the last five minutes, for one known patient, with a reason', async () => {
  await registered(subgraph, person(1))
  for (const role of ['patient', 'caregiver', 'inventory', 'driver', 'partner', 'support'] as const) assert.equal(codeOf(await breakGlass(actorWith(role, freshly()), person(1))), 'FORBIDDEN', role)
  const old = Math.floor(clock.now().getTime() / 1000) - 301
  for (const claims of [{ amr: ['pwd'] }, { authTime: old }]) assert.deepEqual((await breakGlass(doctor(claims), person(1))).data.breakGlass, { code: 'STEP_UP_REQUIRED', acrValues: 'urn:pharmagraph:otp' })
  assert.equal(codeOf(await breakGlass(doctor(), { ...person(1), dateOfBirth: '1971-01-01' })), 'NOT_FOUND')
  assert.deepEqual((await breakGlass(doctor(), person(1), { note: ' ' })).data.breakGlass, { code: 'INVALID_INPUT', field: 'note' })
  // twins of one name: more has to be known
  await registered(subgraph, { ...person(1), email: 'twin@example.com', phone: '(415) 555-0123' })
  assert.deepEqual((await breakGlass(doctor(), person(1))).data.breakGlass, { code: 'INVALID_INPUT', field: 'who' })
  assert.equal((await breakGlass(doctor(), { ...person(1), phone: '4155550123' })).data.breakGlass.access.status, 'ACTIVE')
})

test('G3 every access is put before compliance, who ends it, sees the reason but not the record, and judges it once', async () => {
  const { id } = await registered(subgraph, person(2))
  const elena = doctor()
  const { access } = (await breakGlass(elena, person(2))).data.breakGlass
  const list = async (who: Actor) => (await subgraph.data(who, '{ emergencyAccesses(first: 50) { nodes { id patientId patient { id } note practitioner { id } } } }')).emergencyAccesses.nodes.filter((node: { id: string }) => node.id === access.id)
  assert.deepEqual(await list(officer), [{ id: access.id, patientId: id, patient: null, note: 'Found unresponsive, needs the list of medicines', practitioner: null }])
  assert.equal((await list(elena)).length, 1)
  assert.deepEqual(await list(doctor()), [])
  assert.equal(codeOf(await subgraph.graph(actorWith('pharmacist'), '{ emergencyAccesses { nodes { id } } }')), 'FORBIDDEN')

  const review = (who: Actor, justified: boolean) => subgraph.graph(who, 'mutation ($i: ReviewEmergencyAccessInput!) { reviewEmergencyAccess(input: $i) { status reviewedAt inForce } }', { i: { id: access.id, justified, note: 'No visit on that day' } })
  assert.equal(codeOf(await review(elena, true)), 'FORBIDDEN')
  const end = (who: Actor) => subgraph.graph(who, 'mutation ($id: ID!) { endEmergencyAccess(id: $id) { status endedAt } }', { id: access.id })
  assert.equal(codeOf(await end(doctor())), 'NOT_FOUND')
  const judged = (await review(officer, false)).data.reviewEmergencyAccess
  assert.deepEqual([judged.status, judged.inForce, judged.reviewedAt !== null], ['MISUSED', false, true])
  assert.equal(await seen(elena, id), null)
  assert.equal(codeOf(await review(officer, true)), 'TRANSITION_REFUSED')
  assert.deepEqual(await told(access.id), ['ACTIVE', 'ENDED', 'MISUSED'])
})

test('H1 whoever broke the glass may close it again, and break it again when it is over', async () => {
  const { id } = await registered(subgraph, person(3))
  const elena = doctor()
  const first = (await breakGlass(elena, person(3))).data.breakGlass.access
  for (let click = 0; click < 2; click++) assert.equal((await subgraph.data(elena, 'mutation ($id: ID!) { endEmergencyAccess(id: $id) { status } }', { id: first.id })).endEmergencyAccess.status, 'ENDED')
  assert.equal(await seen(elena, id), null)
  const both = await Promise.all([1, 2].map(() => breakGlass(elena, person(3))))
  const ids = new Set(both.map(({ data }) => data.breakGlass.access.id))
  assert.deepEqual([ids.size, ids.has(first.id)], [1, false])
  try {
    clock.advance(61 * 60_000)
    // before the job has come by
    const again = (await breakGlass({ ...elena, ...freshly() }, person(3))).data.breakGlass.access
    assert.equal(ids.has(again.id), false)
  } finally {
    clock.reset()
  }
})
