/** A prescription taken back, a question answered or not, and on what knowledge of the patient it was written. */
import { test } from 'node:test'
import assert from 'node:assert/strict'
import { clock, newId, systemActor, transact } from '@pharmagraph/platform'
import { actorWith } from '../../../tests/environment.ts'
import { answerDays, chaseClarifications } from '../src/jobs/chase-clarifications.ts'
import { act, atTheBench, claimFor, elena, fillStatus, held, itemOf, ken, nora, publishDrug, registerPatient, samuel, statusOf, stranger, subgraph, submit, tom, untilPrescription, verified, type Outcome } from './pharmacy.ts'

const lisinopril = await publishDrug({ genericName: 'lisinopril' })

const run = async (actor: typeof nora, mutation: 'cancelPrescription' | 'answerClarification', input: Record<string, unknown>): Promise<Outcome> => {
  const answer = await subgraph.graph(actor, `mutation ($input: ${mutation[0]!.toUpperCase()}${mutation.slice(1)}Input!) { ${mutation}(input: $input) {
    __typename ... on PrescriptionPayload { prescription { status statusReason { code message } allowedActions } } ... on TransitionRefused { code message allowed } ... on InvalidInput { code field } } }`, { input })
  return answer.errors ? { __typename: 'Error', code: answer.errors[0]!.extensions['code'] } : answer.data[mutation]
}
const takeBack = (actor: typeof nora, prescriptionId: string, reasonCode = 'THERAPY_CHANGED', text?: string) => run(actor, 'cancelPrescription', { prescriptionId, reasonCode, text })
const inReview = async (patientId: string): Promise<string> => {
  const id = await submit({ patientId, drugId: lisinopril.drugId, sig: `Take 1 tablet daily ${newId()}.` })
  await untilPrescription(id, 'CLINICAL_REVIEW')
  return id
}

test('S74 its prescriber takes a prescription back: before the review its work is withdrawn, after the verification its fill under way ends and what was owed is void', async () => {
  const patient = await registerPatient()
  const early = await inReview(patient.id)
  const claim = held(await claimFor(nora, 'VERIFICATION', early))
  assert.equal((await takeBack(elena, early, 'BECAUSE'))['field'], 'reasonCode')
  const cancelled = await takeBack(elena, early, 'WRITTEN_IN_ERROR', 'Meant for her sister.')
  assert.deepEqual([cancelled['prescription'].status, cancelled['prescription'].allowedActions], ['CANCELLED', []])
  assert.equal((await act(nora, 'verifyPrescription', claim))['code'], 'LEASE_LOST')
  // said twice it is done once
  assert.equal((await takeBack(elena, early, 'WRITTEN_IN_ERROR'))['prescription'].status, 'CANCELLED')
  assert.deepEqual((await subgraph.sql(`select verb, reason, actor_role from transition where subject_id = $1 and to_state = 'CANCELLED'`, [early])), [{ verb: 'cancel', reason: 'WRITTEN_IN_ERROR', actor_role: 'prescriber' }])
  const { prescription } = await subgraph.data(patient.actor, 'query ($id: ID!) { prescription(id: $id) { statusReason { code message } } }', { id: early })
  assert.deepEqual(prescription.statusReason, { code: 'WRITTEN_IN_ERROR', message: 'It was written in error' })
  assert.ok(!JSON.stringify(await subgraph.sql('select * from prescription where id = $1', [early])).includes('sister'))

  const late = await verified({ patientId: patient.id, drugId: lisinopril.drugId })
  const fill = await atTheBench(late, patient.id, lisinopril)
  assert.equal((await takeBack(elena, late))['prescription'].status, 'DISCONTINUED')
  assert.deepEqual([await fillStatus(fill.id), (await takeBack(elena, late, 'ADVERSE_REACTION')).__typename], ['BLOCKED', 'TransitionRefused'])
})

test('S74 nobody else takes it back: another prescriber and a stranger find none, a technician may not, a pharmacist ends what is verified and a patient what is not', async () => {
  const patient = await registerPatient()
  const [waiting, done] = [await inReview(patient.id), await verified({ patientId: patient.id, drugId: (await publishDrug({ genericName: 'atenolol' })).drugId })]
  for (const id of [waiting, done]) {
    assert.deepEqual([(await takeBack(samuel, id))['code'], (await takeBack(stranger, id))['code'], (await takeBack(elena, newId()))['code']], ['NOT_FOUND', 'NOT_FOUND', 'NOT_FOUND'])
  }
  assert.deepEqual([(await takeBack(tom, done))['code'], (await takeBack(patient.actor, done, 'NO_LONGER_NEEDED'))['code']], ['FORBIDDEN', 'FORBIDDEN'])
  assert.equal((await takeBack(nora, waiting, 'PRESCRIBER_ASKED')).__typename, 'TransitionRefused')
  // who is staff and somebody's patient is no patient of the others
  const both = actorWith(['pharmacist', 'patient'], { patientId: newId() })
  assert.equal((await takeBack(both, waiting)).__typename, 'TransitionRefused')
  assert.equal((await takeBack(patient.actor, waiting, 'SENT_BY_MISTAKE'))['prescription'].status, 'CANCELLED')
  assert.equal((await takeBack(ken, done, 'PRESCRIBER_ASKED'))['prescription'].status, 'DISCONTINUED')
})

test('S74 a question is answered by its prescriber through the portal, or as a pharmacist heard it, and comes back to the review', async () => {
  const patient = await registerPatient()
  const asked = async (): Promise<string> => {
    const id = await inReview(patient.id)
    await act(nora, 'requestClarification', { ...held(await claimFor(nora, 'VERIFICATION', id)), question: 'Once daily?' })
    return id
  }
  const answer = { outcome: 'VALIDATED', text: 'Once daily is right.' }
  const id = await asked()
  assert.deepEqual([(await run(samuel, 'answerClarification', { prescriptionId: id, ...answer }))['code'], (await run(tom, 'answerClarification', { prescriptionId: id, ...answer }))['code']], ['NOT_FOUND', 'FORBIDDEN'])
  assert.equal((await run(elena, 'answerClarification', { prescriptionId: id, ...answer, text: ' ' }))['field'], 'text')
  const answered = await run(elena, 'answerClarification', { prescriptionId: id, ...answer })
  assert.deepEqual([answered['prescription'].status, answered['prescription'].statusReason.message], ['CLINICAL_REVIEW', 'The prescriber answered our question: VALIDATED: Once daily is right.'])
  assert.equal((await run(elena, 'answerClarification', { prescriptionId: id, ...answer })).__typename, 'TransitionRefused')
  assert.equal((await act(ken, 'verifyPrescription', held(await claimFor(ken, 'VERIFICATION', id))))['prescription'].status, 'VERIFIED')

  const second = await asked()
  assert.equal((await run(ken, 'answerClarification', { prescriptionId: second, outcome: 'DENIED', text: 'By telephone: do not fill.' }))['prescription'].status, 'CLINICAL_REVIEW')
  assert.equal((await act(ken, 'rejectPrescription', { ...held(await claimFor(ken, 'VERIFICATION', second)), reasonCode: 'PRESCRIBER_REQUEST', text: 'denied' }))['prescription'].status, 'REJECTED')
})

test('a question without an answer comes back to the pharmacists after three days, not before, and once', async () => {
  const patient = await registerPatient()
  const id = await inReview(patient.id)
  await act(nora, 'requestClarification', { ...held(await claimFor(nora, 'VERIFICATION', id)), question: 'Once daily?' })
  const chase = () => transact(subgraph.running.orm, (em) => chaseClarifications.run(em, systemActor('prescriptions')))
  const asked = (days: number, seconds: number) => subgraph.sql(`update transition set at = now() - make_interval(days => $2, secs => $3) where subject_id = $1 and verb = 'requestClarification'`, [id, days, seconds])
  await asked(answerDays, -60)
  await chase()
  assert.equal(await statusOf(id), 'CLARIFICATION')
  await asked(answerDays, 60)
  await chase()
  await chase()
  assert.equal(await statusOf(id), 'CLINICAL_REVIEW')
  await itemOf('VERIFICATION', id)
  const { prescription } = await subgraph.data(nora, 'query ($id: ID!) { prescription(id: $id) { statusReason { code } history { verb reason } } }', { id })
  assert.deepEqual([prescription.statusReason.code, prescription.history.at(-1)], ['CLARIFICATION_UNANSWERED', { verb: 'answerClarification', reason: 'CLARIFICATION_UNANSWERED' }])
})

test('C19 S79 a prescriber says how they came to know the patient: by telemedicine alone a controlled drug is accepted up to the last second of 2026-12-31 where the pharmacy is, and refused from the next one on', async (t) => {
  const patient = await registerPatient()
  const zolpidem = await publishDrug({ genericName: 'zolpidem', deaSchedule: 'CIV' })
  t.after(() => clock.reset())
  const write = (about: object) => act({ ...elena, authTime: Math.floor(clock.now().getTime() / 1000) }, 'submitPrescription', {
    patientId: patient.id, drugId: zolpidem.drugId, sig: 'Take 1 tablet at bedtime.', quantity: 30, daysSupply: 30, refills: 1, idempotencyKey: newId(), ...about,
  })
  const shown = async (id: string) => (await subgraph.data(nora, 'query ($id: ID!) { prescription(id: $id) { evaluationBasis issueDate } }', { id })).prescription
  clock.set(new Date('2027-01-01T07:59:30Z'))
  const lawful = await write({ evaluationBasis: 'TELEMED_TEMP_RULE' })
  assert.deepEqual(await shown(lawful['prescription'].id), { evaluationBasis: 'TELEMED_TEMP_RULE', issueDate: '2026-12-31' })
  clock.set(new Date('2027-01-01T08:00:01Z'))
  const refused = await write({ evaluationBasis: 'TELEMED_TEMP_RULE' })
  assert.deepEqual([refused.__typename, refused['code'], refused['field']], ['InvalidInput', 'EVALUATION_REQUIRED', 'evaluationBasis'])
  assert.match(refused['message'], /21 USC 829\(e\); 21 CFR 1306\.09/)
  assert.deepEqual(await shown((await write({}))['prescription'].id), { evaluationBasis: 'IN_PERSON', issueDate: '2027-01-01' })
  // what is not controlled may rest on telemedicine
  assert.equal((await write({ drugId: lisinopril.drugId, evaluationBasis: 'TELEMED_TEMP_RULE' })).__typename, 'PrescriptionPayload')
})
