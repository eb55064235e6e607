/** What changes after a pharmacist has verified: the drug's schedule, what is known of interactions. */
import { test } from 'node:test'
import assert from 'node:assert/strict'
import { newId } from '@pharmagraph/platform'
import { eventually } from '../../../tests/environment.ts'
import { act, atTheBench, claimFor, fillStatus, held, itemOf, ken, nora, order, packed, publishDrug, publishInteraction, registerPatient, statusOf, subgraph, tom, untilFill, verified } from './pharmacy.ts'

type Drug = Awaited<ReturnType<typeof publishDrug>>
const reschedule = async (drug: Drug, deaSchedule: Drug['deaSchedule'], version = 2): Promise<void> => {
  await subgraph.publish('catalog.drug-published.v1', drug.drugId, { ...drug, version, deaSchedule })
  await eventually(async () => (await subgraph.sql('select 1 from drug_fact where drug_id = $1 and dea_schedule = $2', [drug.drugId, deaSchedule])).length === 1, { what: 'the new schedule' })
}
const stale = (actor: typeof nora): typeof nora => ({ ...actor, authTime: Math.floor(Date.now() / 1000) - 301 })
const row = async (id: string) => (await subgraph.sql<{ dea_schedule: string; expiry_rule: string; status: string }>('select dea_schedule, expiry_rule, status from prescription where id = $1', [id]))[0]!
const eligibility = async (id: string) => (await subgraph.data(nora, 'query ($id: ID!) { prescription(id: $id) { eligibility { allowed reasons { code blocks rule } } } }', { id })).prescription.eligibility
const alertsOf = async (id: string) =>
  (await subgraph.data(nora, 'query ($id: ID!) { prescription(id: $id) { alerts { id severity open knowledgeVersion message override { result } } } }', { id })).prescription.alerts as { id: string; severity: string; open: boolean; knowledgeVersion: string; message: string; override: { result: string } | null }[]

test('C4 S16 a drug put into a schedule after the verification is dispensed only when a pharmacist has verified the prescription by the rules of that schedule', async () => {
  const patient = await registerPatient()
  const drug = await publishDrug({ genericName: 'tramadol-to-be' })
  const [few, many] = [await verified({ patientId: patient.id, drugId: drug.drugId, refills: 3 }), await verified({ patientId: (await registerPatient()).id, drugId: drug.drugId, refills: 9 })]
  await reschedule(drug, 'CIV')
  assert.deepEqual((await eligibility(few)).reasons.filter(({ blocks }: { blocks: boolean }) => blocks).map(({ code }: { code: string }) => code), ['SCHEDULE_CHANGED'])
  const blocked = await order(few, patient.id, drug.drugId)
  assert.deepEqual([blocked.status, blocked.reason], ['BLOCKED', 'SCHEDULE_CHANGED'])

  const claim = held(await claimFor(nora, 'VERIFICATION', few))
  assert.equal((await act(stale(nora), 'verifyPrescription', claim)).__typename, 'StepUpRequired')
  assert.equal((await act(nora, 'verifyPrescription', claim))['prescription'].status, 'VERIFIED')
  assert.deepEqual(await row(few), { dea_schedule: 'CIV', expiry_rule: 'us-ciii-civ-validity', status: 'VERIFIED' })
  const fill = await packed(few, patient.id, drug)
  assert.equal((await act(stale(ken), 'releaseFill', { fillId: fill.id })).__typename, 'StepUpRequired')
  assert.equal((await act(ken, 'releaseFill', { fillId: fill.id }))['fill'].status, 'RELEASED')
  const history = await subgraph.sql<{ verb: string; reason: string | null }>(`select verb, reason from transition where subject_id = $1 and machine = 'prescription' and verb like 'verify%' order by id`, [few])
  assert.deepEqual(history, [{ verb: 'verify', reason: null }, { verb: 'verifyAgain', reason: 'SCHEDULE_CHANGED' }])

  // nine refills are too many by the new rules: the pharmacist ends it
  const [{ patient_id: other }] = await subgraph.sql<{ patient_id: string }>('select patient_id from prescription where id = $1', [many]) as [{ patient_id: string }]
  assert.equal((await order(many, other, drug.drugId)).reason, 'SCHEDULE_CHANGED')
  const second = held(await claimFor(nora, 'VERIFICATION', many))
  assert.equal((await act(nora, 'verifyPrescription', second))['code'], 'TOO_MANY_REFILLS')
  assert.deepEqual(await row(many), { dea_schedule: 'NONE', expiry_rule: 'pharmacy-validity', status: 'VERIFIED' })
  assert.equal((await act(nora, 'rejectPrescription', { ...second, reasonCode: 'INVALID_PRESCRIPTION', text: 'too many refills for schedule IV' }))['prescription'].status, 'DISCONTINUED')
})

test('C4 S16 the bench stops when the drug under way is put into a schedule, and a release that is faster is refused', async () => {
  const patient = await registerPatient()
  const drug = await publishDrug({ genericName: 'carisoprodol-to-be' })
  const id = await verified({ patientId: patient.id, drugId: drug.drugId })
  const fill = await packed(id, patient.id, drug)
  await subgraph.sql(`update drug_fact set dea_schedule = 'CIV' where drug_id = $1`, [drug.drugId])
  const refused = await act(ken, 'releaseFill', { fillId: fill.id })
  assert.deepEqual([refused.__typename, refused['code']], ['TransitionRefused', 'SCHEDULE_CHANGED'])
  assert.match(refused['message'], /was not controlled .* in schedule IV now/)
  await subgraph.sql(`update drug_fact set dea_schedule = 'NONE' where drug_id = $1`, [drug.drugId])
  await reschedule(drug, 'CIV')
  await untilFill(fill.id, 'BLOCKED')
  assert.equal((await act(nora, 'verifyPrescription', held(await claimFor(nora, 'VERIFICATION', id))))['prescription'].status, 'VERIFIED')
  assert.equal((await order(id, patient.id, drug.drugId)).status, 'SCREENING')
})

test('C4 S16 what waits for its review is verified by the schedule of the day of the verification', async () => {
  const patient = await registerPatient()
  const drug = await publishDrug({ genericName: 'gabapentin-to-be' })
  const { submit, untilPrescription } = await import('./pharmacy.ts')
  const id = await submit({ patientId: patient.id, drugId: drug.drugId, refills: 2 })
  await untilPrescription(id, 'CLINICAL_REVIEW')
  await reschedule(drug, 'CV')
  const claim = held(await claimFor(nora, 'VERIFICATION', id))
  assert.equal((await act(stale(nora), 'verifyPrescription', claim)).__typename, 'StepUpRequired')
  assert.equal((await act(nora, 'verifyPrescription', claim))['prescription'].status, 'VERIFIED')
  assert.equal((await row(id)).dea_schedule, 'CV')
})

test('S73 knowledge that comes to weigh an interaction more heavily asks for an answer again, and two people where it is a contraindication; what was answered stays on record', async () => {
  const know = (severity: 'MODERATE' | 'MAJOR' | 'CONTRAINDICATED', knowledgeVersion: string) => subgraph.publish('catalog.interaction-published.v1', 'older-newer', {
    interactionId: 'older-newer', knowledgeVersion, aMembers: ['older'], bMembers: ['newer'], severity, effect: 'harm', management: 'Avoid', evidence: 'Label section 7',
  })
  const known = (knowledgeVersion: string): Promise<true> => eventually(async () => (await subgraph.sql(`select 1 from interaction_fact where interaction_id = 'older-newer' and knowledge_version = $1`, [knowledgeVersion])).length === 1, { what: knowledgeVersion })
  const patient = await registerPatient()
  const [one, two] = [await publishDrug({ genericName: 'older' }), await publishDrug({ genericName: 'newer' })]
  await know('MODERATE', '2026.1')
  await known('2026.1')
  const first = await verified({ patientId: patient.id, drugId: one.drugId })
  const id = await verified({ patientId: patient.id, drugId: two.drugId })
  assert.deepEqual((await alertsOf(id)).map(({ severity, open }) => [severity, open]), [['MODERATE', false]])

  await know('MAJOR', '2026.2')
  await known('2026.2')
  assert.equal((await order(id, patient.id, two.drugId)).reason, 'DD')
  assert.deepEqual((await eligibility(id)).reasons[0], { code: 'REVIEW_NEEDED', blocks: true, rule: 'pharmacy-verification' })
  const open = async () => (await alertsOf(id)).find((alert) => alert.open)!
  const claim = held(await claimFor(nora, 'VERIFICATION', id))
  await act(nora, 'overrideAlert', { ...claim, alertId: (await open()).id, professionalService: 'M0', result: '1G', text: 'prescriber agrees' })
  assert.equal((await order(id, patient.id, two.drugId)).status, 'SCREENING')

  await know('CONTRAINDICATED', '2026.3')
  await known('2026.3')
  // from the other side of the pair as well: the answer of before was to less
  assert.equal((await order(first, patient.id, one.drugId)).reason, 'DD')
  const item = held(await claimFor(nora, 'VERIFICATION', first))
  const [grave] = (await alertsOf(first)).filter((alert) => alert.open)
  assert.deepEqual([grave?.severity, grave?.knowledgeVersion], ['CONTRAINDICATED', '2026.3'])
  await act(nora, 'overrideAlert', { ...item, alertId: grave!.id, professionalService: 'M0', result: '1G', text: 'prescriber agrees again' })
  assert.equal((await order(first, patient.id, one.drugId)).reason, 'DD')
  assert.equal((await act(ken, 'confirmOverride', { alertId: grave!.id })).__typename, 'PrescriptionPayload')
  assert.equal((await order(first, patient.id, one.drugId)).status, 'SCREENING')
  const answered = (await alertsOf(id)).filter(({ override }) => override)
  assert.deepEqual(answered.map(({ severity, knowledgeVersion, override }) => [severity, knowledgeVersion, override?.result]), [['MAJOR', '2026.2', '1G']])
})
