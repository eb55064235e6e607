import { test } from 'node:test'
import assert from 'node:assert/strict'
import { addDays, clock, newId, systemActor, transact } from '@pharmagraph/platform'
import { resumePrescriptions } from '../src/jobs/resume-prescriptions.ts'
import { atTheBench, elena, fillStatus, ken, nora, order, packed, act, publishDrug, registerPatient, statusOf, stranger, subgraph, submit, tom, untilPrescription, verified, type Outcome } from './pharmacy.ts'

const metformin = await publishDrug({ genericName: 'metformin' })
const lorazepam = await publishDrug({ genericName: 'lorazepam', deaSchedule: 'CIV' })
const morphine = await publishDrug({ genericName: 'morphine', deaSchedule: 'CII' })

const run = async (actor: typeof nora, verb: 'hold' | 'resume' | 'transfer', input: Record<string, unknown>): Promise<Outcome> => {
  const name = `${verb}Prescription`
  const stepUp = verb === 'transfer' ? '... on StepUpRequired { code maxAgeSeconds }' : ''
  const answer = await subgraph.graph(actor, `mutation ($input: ${name[0]!.toUpperCase()}${name.slice(1)}Input!) { ${name}(input: $input) {
    __typename ... on PrescriptionPayload { prescription { status resumeOn statusReason { code message } allowedActions } } ... on TransitionRefused { code message allowed } ... on InvalidInput { code field } ${stepUp} } }`, { input })
  return answer.errors ? { __typename: 'Error', code: answer.errors[0]!.extensions['code'] } : answer.data[name]
}
const other = { pharmacyName: 'Corner Pharmacy', pharmacistName: 'Iris Blum', askedByPatient: true }

test('a pharmacist holds a verified prescription, its fill under way ends, and it goes on when the hold is lifted', async () => {
  const patient = await registerPatient()
  const id = await verified({ patientId: patient.id, drugId: metformin.drugId })
  const fill = await atTheBench(id, patient.id, metformin)
  assert.equal((await run(nora, 'hold', { prescriptionId: id, reasonCode: 'BECAUSE' }))['field'], 'reasonCode')
  assert.equal((await run(nora, 'hold', { prescriptionId: id, reasonCode: 'HOLD_STOCK', resumeOn: clock.today() }))['field'], 'resumeOn')
  const held = await run(nora, 'hold', { prescriptionId: id, reasonCode: 'HOLD_STOCK', text: 'Call INTERNAL-SUPPLIER.' })
  assert.equal(held.__typename, 'PrescriptionPayload', JSON.stringify(held))
  assert.deepEqual([held['prescription'].status, held['prescription'].allowedActions], ['ON_HOLD', ['resume', 'discontinue', 'supersede']])
  assert.equal(await fillStatus(fill.id), 'BLOCKED')
  assert.deepEqual([(await run(nora, 'hold', { prescriptionId: id, reasonCode: 'HOLD_STOCK' })).__typename], ['TransitionRefused'])

  const asked = await order(id, patient.id, metformin.drugId)
  assert.deepEqual([asked.status, asked.reason, asked.next_eligible_at], ['BLOCKED', 'ON_HOLD', null])
  const { prescription } = await subgraph.data(patient.actor, 'query ($id: ID!) { prescription(id: $id) { statusReason { code message } eligibility { allowed reasons { code remedy } } } }', { id })
  assert.deepEqual([prescription.statusReason, prescription.eligibility.allowed, prescription.eligibility.reasons[0].code], [{ code: 'HOLD_STOCK', message: 'The drug is not to be had at present' }, false, 'ON_HOLD'])

  assert.deepEqual((await run(ken, 'resume', { prescriptionId: id }))['prescription'], { status: 'VERIFIED', resumeOn: null, statusReason: null, allowedActions: ['discontinue', 'hold', 'transferOut', 'substitute', 'verifyAgain', 'allowEarlyRefill', 'supersede', 'reject'] })
  assert.equal((await order(id, patient.id, metformin.drugId)).status, 'SCREENING')
})

test('a hold until a day is lifted on it and not before, and says that day to whoever asks', async () => {
  const patient = await registerPatient()
  const id = await verified({ patientId: patient.id, drugId: metformin.drugId })
  const resumeOn = addDays(clock.today(), 3)
  assert.equal((await run(nora, 'hold', { prescriptionId: id, reasonCode: 'HOLD_DATE', resumeOn }))['prescription'].resumeOn, resumeOn)
  assert.equal((await order(id, patient.id, metformin.drugId)).next_eligible_at, resumeOn)
  const eligible = async (day: string) => (await subgraph.data(nora, 'query ($id: ID!, $at: DateTime) { prescription(id: $id) { eligibility(at: $at) { allowed nextEligibleAt } } }', { id, at: `${day}T20:00:00Z` })).prescription.eligibility
  assert.deepEqual([await eligible(addDays(resumeOn, -1)), (await eligible(resumeOn)).allowed], [{ allowed: false, nextEligibleAt: resumeOn }, true])
  const resume = () => transact(subgraph.running.orm, (em) => resumePrescriptions.run(em, systemActor('prescriptions')))
  await resume()
  assert.equal(await statusOf(id), 'ON_HOLD')
  await subgraph.sql(`update prescription set resume_on = $2 where id = $1`, [id, clock.today()])
  await resume()
  assert.equal(await statusOf(id), 'VERIFIED')
})

test('holds and transfers are for pharmacists, of prescriptions that are verified', async () => {
  const patient = await registerPatient()
  const id = await submit({ patientId: patient.id, drugId: metformin.drugId })
  await untilPrescription(id, 'CLINICAL_REVIEW')
  for (const actor of [tom, elena, stranger, patient.actor]) {
    assert.equal((await run(actor, 'hold', { prescriptionId: id, reasonCode: 'HOLD_PATIENT' }))['code'], 'FORBIDDEN')
    assert.equal((await run(actor, 'resume', { prescriptionId: id }))['code'], 'FORBIDDEN')
    assert.equal((await run(actor, 'transfer', { prescriptionId: id, ...other }))['code'], 'FORBIDDEN')
  }
  assert.equal((await run(nora, 'hold', { prescriptionId: id, reasonCode: 'HOLD_PATIENT' })).__typename, 'TransitionRefused')
  assert.equal((await run(nora, 'transfer', { prescriptionId: id, ...other })).__typename, 'TransitionRefused')
  assert.equal((await run(nora, 'resume', { prescriptionId: newId() }))['code'], 'NOT_FOUND')
})

test('C12 an unfilled controlled prescription goes to another pharmacy once, at the patient’s wish, and is void here', async () => {
  const patient = await registerPatient()
  const id = await verified({ patientId: patient.id, drugId: morphine.drugId, refills: 0 })
  const input = { prescriptionId: id, ...other, pharmacyDea: 'FP9902013' }
  assert.equal((await run(nora, 'transfer', { ...input, pharmacyDea: 'AB4523763' }))['field'], 'pharmacyDea')
  assert.equal((await run(nora, 'transfer', { ...input, pharmacistName: ' ' }))['field'], 'pharmacistName')
  assert.equal((await run({ ...nora, authTime: Math.floor(Date.now() / 1000) - 301 }, 'transfer', input)).__typename, 'StepUpRequired')
  const unasked = await run(nora, 'transfer', { ...input, askedByPatient: false })
  assert.equal(unasked['code'], 'NOT_ASKED_BY_PATIENT')
  assert.match(unasked['message'], /21 CFR 1306\.08\(e\)/)
  assert.equal((await run(nora, 'transfer', input))['prescription'].status, 'TRANSFERRED_OUT')
  assert.deepEqual(await subgraph.sql('select pharmacy_name, pharmacy_dea, pharmacist_name, refills_remaining, rule from prescription_transfer where prescription_id = $1', [id]),
    [{ pharmacy_name: 'Corner Pharmacy', pharmacy_dea: 'FP9902013', pharmacist_name: 'Iris Blum', refills_remaining: 0, rule: 'us-transfer-initial' }])
  assert.equal((await run(nora, 'transfer', input)).__typename, 'TransitionRefused')
  const where = async (actor: typeof nora) => (await subgraph.data(actor, 'query ($id: ID!) { prescription(id: $id) { transfer { pharmacyName pharmacyDea pharmacistName refillsRemaining askedByPatient rule { rule } by { id } } } }', { id })).prescription.transfer
  const record = { pharmacyName: 'Corner Pharmacy', pharmacyDea: 'FP9902013', pharmacistName: 'Iris Blum', refillsRemaining: 0, askedByPatient: true, rule: { rule: 'us-transfer-initial' }, by: { id: nora.pharmacistId } }
  assert.deepEqual([await where(nora), await where(patient.actor)], [record, { ...record, pharmacyDea: null }])
  assert.deepEqual([(await order(id, patient.id, morphine.drugId)).reason], ['NOT_VERIFIED'])
})

test('C11 the refills that are left go along, but not while a fill is under way or when none is left', async () => {
  const patient = await registerPatient()
  const id = await verified({ patientId: patient.id, drugId: lorazepam.drugId, refills: 2 })
  const input = { prescriptionId: id, ...other, pharmacyDea: 'FP9902013', askedByPatient: false }
  const fill = await packed(id, patient.id, lorazepam)
  assert.equal((await run(nora, 'transfer', input))['code'], 'FILL_UNDER_WAY')
  await act(ken, 'releaseFill', { fillId: fill.id })
  assert.equal((await run(nora, 'transfer', input))['prescription'].status, 'TRANSFERRED_OUT')
  assert.deepEqual(await subgraph.sql('select refills_remaining, rule from prescription_transfer where prescription_id = $1', [id]), [{ refills_remaining: 2, rule: 'us-transfer-refills' }])
})

test('S57 a prescription altered since it was submitted goes nowhere', async () => {
  const patient = await registerPatient()
  const id = await verified({ patientId: patient.id, drugId: metformin.drugId, refills: 1 })
  await subgraph.sql('update prescription set refills_authorized = 9 where id = $1', [id])
  assert.equal((await run(nora, 'transfer', { prescriptionId: id, ...other }))['code'], 'CONTENT_ALTERED')
})
