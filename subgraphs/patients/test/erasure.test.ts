import { test } from 'node:test'
import assert from 'node:assert/strict'
import { addMonths, apply, canonicalHash, clock, newId, systemActor, transact, type Actor, type Role } from '@pharmagraph/platform'
import { actorWith, eventually, testSubgraph } from '../../../tests/environment.ts'
import { caregiverOf, registered } from './support.ts'
import { keepers } from '../src/entities/erasure.ts'
import { erasePatients } from '../src/jobs/erase-patients.ts'
import { erasureLifecycle } from '../src/lifecycles/erasure.ts'
import { patients } from '../src/subgraph.ts'

const subgraph = await testSubgraph({ ...patients, jobs: [] }, { background: true })
const fields = 'id patientId status notBefore keptUntil keptBecause { record years source } erasedAt certifiedAt confirmations { service } certificate certificateHash allowedActions'
const ask = (who: Actor, input: object = {}) => subgraph.graph(who, `mutation ($i: RequestErasureInput) { requestErasure(input: $i) { ${fields} } }`, { i: input })
const mine = async (who: Actor) => (await subgraph.data(who, `{ myErasureRequest { ${fields} } }`)).myErasureRequest
const run = () => transact(subgraph.running.orm, (em) => erasePatients.run(em, systemActor('patients')))
const codeOf = ({ errors }: { errors?: { extensions: Record<string, unknown> }[] }) => errors?.[0]?.extensions['code']
const days = (n: number) => clock.advance(n * 24 * 60 * 60_000)
const told = async (requestId: string) => (await subgraph.emitted('patients.erasure-status-changed.v1')).filter((event) => event.requestId === requestId)
const dispensed = async (patientId: string) => {
  const id = newId()
  await subgraph.publish('prescriptions.fill-released.v1', id, {
    fillId: id, prescriptionId: newId(), orderId: newId(), orderLineId: newId(), patientId, drugId: newId(), deaSchedule: 'NONE', lots: [], releasedBy: 'x', recordHash: 'x',
  })
  await eventually(async () => (await subgraph.sql('select 1 from record_fact where patient_id = $1', [patientId])).length === 1, { what: 'the record clock' })
}

test('G1 G2 who asks to be erased is restricted at once: no consent is left, nobody acts for them; and they may think better of it', async () => {
  const { actor, id } = await registered(subgraph)
  const { actor: caregiver } = await caregiverOf(subgraph, actor)
  const { requestErasure } = (await ask(actor)).data
  assert.deepEqual([requestErasure.status, requestErasure.patientId, requestErasure.keptUntil, requestErasure.allowedActions], ['RESTRICTED', id, null, ['withdraw']])
  assert.equal((await ask(actor)).data.requestErasure.id, requestErasure.id)
  const { me } = await subgraph.data(actor, '{ me { consents { granted } caregivers { name } } }')
  assert.deepEqual(me, { consents: [{ granted: false }, { granted: false }], caregivers: [] })
  const withdrawn = (await subgraph.emitted('patients.consent-changed.v1')).filter(({ patientId, granted }) => patientId === id && !granted)
  assert.deepEqual(withdrawn.map(({ purpose }) => purpose).sort(), ['DISPENSING', 'NOTIFICATIONS'])
  assert.deepEqual((await subgraph.data(caregiver, '{ caredFor { id } }')).caredFor, [])

  const withdraw = (who: Actor) => subgraph.graph(who, 'mutation ($r: ID!) { withdrawErasure(requestId: $r) { status } }', { r: requestErasure.id })
  assert.equal(codeOf(await withdraw(actorWith('patient', { patientId: newId() }))), 'NOT_FOUND')
  await run()
  assert.equal((await mine(actor)).status, 'RESTRICTED', 'not within the days of reflection')
  for (let n = 0; n < 2; n++) assert.equal((await withdraw(actor)).data.withdrawErasure.status, 'WITHDRAWN')
  assert.equal(await mine(actor), null)
  assert.notEqual((await ask(actor)).data.requestErasure.id, requestErasure.id)
  assert.deepEqual((await told(requestErasure.id)).map(({ from, to }) => [from, to]), [[null, 'RESTRICTED'], ['RESTRICTED', 'WITHDRAWN']])
})

test('G1 a patient with several caregivers and invitations is restricted like any other, and agrees to nothing new until the wish is taken back', async () => {
  const { actor, id } = await registered(subgraph)
  for (let n = 0; n < 2; n++) await caregiverOf(subgraph, actor, ['VIEW', 'MESSAGES'])
  const invite = () => subgraph.graph(actor, 'mutation { inviteCaregiver(input: { name: "Rosa", relationship: "AUNT", scopes: [] }) { code } }')
  const agree = (granted: boolean) => subgraph.graph(actor, 'mutation ($g: Boolean!) { setConsent(input: { purpose: EXCHANGE, granted: $g, policyVersion: "1" }) { granted } }', { g: granted })
  for (let n = 0; n < 2; n++) assert.equal((await invite()).errors, undefined)
  const { requestErasure } = (await ask(actor)).data
  assert.equal(requestErasure.status, 'RESTRICTED')
  assert.deepEqual(await subgraph.sql('select distinct status, code_index from delegation where patient_id = $1', [id]), [{ status: 'REVOKED', code_index: null }])
  assert.deepEqual([codeOf(await agree(true)), codeOf(await invite())], ['ERASURE_REQUESTED', 'ERASURE_REQUESTED'])
  assert.equal((await agree(false)).data.setConsent.granted, false, 'a no is always taken')
  await subgraph.data(actor, 'mutation ($r: ID!) { withdrawErasure(requestId: $r) { status } }', { r: requestErasure.id })
  assert.equal((await agree(true)).data.setConsent.granted, true)
})

test('G2 S51 what the law wants is kept to its last day and says which law; then the key is destroyed and all keepers confirm', async () => {
  const [{ actor, id }, neighbour] = [await registered(subgraph, { email: 'gone@example.com', given: 'Wilma' }), await registered(subgraph)]
  await subgraph.data(actor, `mutation { postMessage(input: { body: "Before I go" }) { id } addInsurancePolicy(input: { payer: "Plan", memberId: "M9" }) { id }
    recordAllergy(input: { substance: { system: "http://snomed.info/sct", code: "764146007", display: "Penicillin" } }) { id } }`)
  await dispensed(id)
  const until = addMonths(clock.today(), 120)
  const compliance = actorWith('compliance')
  const request = (await ask(compliance, { patientId: id })).data.requestErasure
  assert.deepEqual([request.keptUntil, request.keptBecause.at(-1)], [until, { record: 'STATE_RECORDS', years: 10, source: 'the longest of the states, which ask for two to ten years' }])
  try {
    days(30)
    await run()
    assert.equal((await mine(actor)).status, 'RESTRICTED')
    days(3653 - 30 - 2)
    await run()
    assert.equal((await mine(actor)).status, 'RESTRICTED', 'still the last days')
    days(3)
    await run()
    await run()
    const erasing = await mine(actor)
    assert.deepEqual([erasing.status, erasing.confirmations, erasing.keptUntil, erasing.certificate], ['ERASING', [{ service: 'patients' }], null, null])
    assert.deepEqual(await subgraph.sql('select wrapped from data_key where subject_id = $1', [id]), [{ wrapped: null }])
    for (const table of ['patient_token', 'allergy', 'insurance_policy']) assert.deepEqual(await subgraph.sql(`select * from ${table} where patient_id = $1`, [id]), [], table)
    assert.equal((await subgraph.data(actor, '{ me { id } }')).me, null)
    // neither outbox nor stream keeps what was sealed or hashed under another key than the patient's
    assert.deepEqual(await subgraph.sql("select type from outbox where subject = $1 and type ~ 'profile|registered'", [id]), [])
    const kept = async (who: string) => Object.keys((await subgraph.running.broker!.manager.streams.info('EVENTS', { subjects_filter: `events.patients.*.v1.${who}` })).state.subjects ?? {}).map((subject) => subject.split('.')[2]).sort()
    await eventually(async () => !(await kept(id)).some((fact) => /profile|registered/.test(fact!)), { what: 'the stream to forget' })
    assert.deepEqual((await kept(neighbour.id)).filter((fact) => /profile|registered/.test(fact!)), ['clinical-profile-changed', 'patient-registered'])
    const { findPatients } = await subgraph.data(actorWith('support'), 'query { findPatients(lookup: { email: "gone@example.com" }) { id } }')
    assert.deepEqual(findPatients, [])
    const { messageThreads } = await subgraph.data(actorWith('pharmacist'), '{ messageThreads { nodes { patientName { full } messages { body } } } }')
    assert.ok(messageThreads.nodes.some((thread: object) => JSON.stringify(thread) === '{"patientName":null,"messages":[]}'))

    for (const keeper of ['orders', 'prescriptions', 'orders', 'logistics'] as const) {
      assert.equal((await mine(actor)).certificateHash, null)
      await subgraph.publish(`${keeper}.patient-erased.v1`, id, { requestId: request.id, patientId: id })
      await eventually(async () => (await subgraph.sql('select 1 from erasure_confirmation where request_id = $1 and service = $2', [request.id, keeper])).length === 1)
    }
    const done = await eventually(async () => { const now = await mine(actor); return now.status === 'CERTIFIED' && now })
    assert.deepEqual(done.confirmations.map(({ service }: { service: string }) => service).sort(), [...keepers].sort())
    assert.equal(done.certificateHash, canonicalHash(done.certificate))
    assert.deepEqual((await told(request.id)).map(({ to, certificateHash }) => [to, certificateHash]), [['RESTRICTED', null], ['ERASING', null], ['CERTIFIED', done.certificateHash]])
    assert.equal(codeOf(await subgraph.graph(actor, 'mutation ($r: ID!) { withdrawErasure(requestId: $r) { id } }', { r: request.id })), 'TRANSITION_REFUSED')
    const { erasureRequests } = await subgraph.data(compliance, '{ erasureRequests(status: CERTIFIED) { nodes { id } } }')
    assert.deepEqual(erasureRequests.nodes, [{ id: request.id }])
    assert.equal((await subgraph.data(neighbour.actor, '{ me { id } }')).me.id, neighbour.id)
  } finally {
    clock.reset()
  }
})

test('G2 who was never served is erased after the days of reflection; nobody erases somebody else', async () => {
  const { actor, id } = await registered(subgraph)
  for (const who of [actorWith('patient', { patientId: newId() }), actorWith('pharmacist'), actorWith('support')]) assert.match(String(codeOf(await ask(who, { patientId: id }))), /NOT_FOUND|FORBIDDEN/)
  await ask(actor)
  try {
    days(8)
    await run()
    assert.equal((await mine(actor)).status, 'ERASING')
  } finally {
    clock.reset()
  }
  for (const who of [actor, actorWith('pharmacist')]) assert.equal(codeOf(await subgraph.graph(who, '{ erasureRequests { nodes { id } } }')), 'FORBIDDEN')
})

test('a request to be erased moves by its table only: every state, verb and role', () => {
  const roles = ['patient', 'caregiver', 'prescriber', 'technician', 'pharmacist', 'inventory', 'driver', 'support', 'compliance', 'partner', 'system'] as const satisfies Role[]
  const { table } = erasureLifecycle
  for (const state of Object.keys(table) as (keyof typeof table)[]) {
    for (const verb of ['withdraw', 'erase', 'certify']) {
      for (const role of roles) {
        const subject = { id: newId(), patientId: newId(), status: state, certificateHash: null } as never as Parameters<typeof apply>[3]
        const walk = () => apply(subgraph.running.orm.em.fork(), actorWith(role), erasureLifecycle as never, subject, verb)
        const step = table[state][verb]
        if (!step) assert.throws(walk, { code: 'TRANSITION_REFUSED' })
        else if (!step.by.includes(role)) assert.throws(walk, { code: 'FORBIDDEN' })
        else assert.equal(walk().to, step.next)
      }
    }
  }
})
