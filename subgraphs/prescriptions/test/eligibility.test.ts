import { test } from 'node:test'
import assert from 'node:assert/strict'
import { addDays, clock, newId } from '@pharmagraph/platform'
import { actorWith, eventually } from '../../../tests/environment.ts'
import { services } from '../src/services.ts'
import { act, claimFor, elena, grace, held, ken, knowProfile, nora, order, packed, publishDrug, publishInteraction, registerPatient, stranger, subgraph, submit, tom, untilPrescription, verified, type KnownPatient } from './pharmacy.ts'

const lorazepam = await publishDrug({ genericName: 'lorazepam', deaSchedule: 'CIV' })
const amoxicillin = await publishDrug({ genericName: 'amoxicillin' })

type Answer = { day: string; allowed: boolean; nextEligibleAt: string | null; reasons: { code: string; message: string; rule: string; source: string; blocks: boolean; remedy: string; changesOn: string | null }[] }
const eligibility = async (actor: typeof nora, id: string, at?: string): Promise<Answer> =>
  (await subgraph.data(actor, 'query ($id: ID!, $at: DateTime) { prescription(id: $id) { eligibility(at: $at) { day allowed nextEligibleAt reasons { code message rule source blocks remedy changesOn } } } }', { id, at })).prescription.eligibility
const noonOn = (day: string) => `${day}T20:00:00Z`
const codes = ({ reasons }: Answer) => reasons.map(({ code }) => code)

async function livesIn(patient: KnownPatient, state: string): Promise<string> {
  const addressId = newId()
  await subgraph.publish('logistics.address-added.v1', addressId, { addressId, patientId: patient.id, state, deliverability: 'DELIVERABLE' })
  await eventually(async () => (await subgraph.sql('select 1 from address_fact where address_id = $1', [addressId])).length === 1, { what: 'address' })
  return addressId
}

test('what may be filled says so, until when and by which rule; what may not says why, what would change it, and when', async () => {
  const patient = await registerPatient()
  const drug = await publishDrug({ genericName: 'losartan' })
  const id = await submit({ patientId: patient.id, drugId: drug.drugId, refills: 1 })
  await untilPrescription(id, 'CLINICAL_REVIEW')
  assert.deepEqual([(await eligibility(patient.actor, id)).allowed, codes(await eligibility(patient.actor, id))], [false, ['NOT_VERIFIED', 'VALID_UNTIL']])
  await act(nora, 'verifyPrescription', held(await claimFor(nora, 'VERIFICATION', id)))

  const free = await eligibility(patient.actor, id)
  assert.deepEqual([free.day, free.allowed, free.nextEligibleAt, codes(free), free.reasons[0]?.rule], [clock.today(), true, null, ['VALID_UNTIL'], 'pharmacy-validity'])
  const fill = await packed(id, patient.id, drug)
  assert.deepEqual(codes(await eligibility(nora, id)).slice(0, 1), ['FILL_UNDER_WAY'])
  await act(ken, 'releaseFill', { fillId: fill.id })

  const due = addDays(clock.today(), 24)
  const early = await eligibility(patient.actor, id)
  assert.deepEqual([early.allowed, early.nextEligibleAt, early.reasons[0]?.code, early.reasons[0]?.changesOn, early.reasons[0]?.rule], [false, due, 'REFILL_TOO_EARLY', due, 'pharmacy-early-refill'])
  assert.ok(early.reasons.every(({ source, remedy }) => source && remedy))
  assert.equal((await eligibility(patient.actor, id, noonOn(due))).allowed, true)
  const over = await eligibility(patient.actor, id, noonOn(addDays(clock.today(), 400)))
  assert.deepEqual([over.allowed, over.nextEligibleAt, codes(over)], [false, null, ['PRESCRIPTION_EXPIRED']])

  const refused = await subgraph.graph(patient.actor, 'query ($id: ID!, $at: DateTime) { prescription(id: $id) { eligibility(at: $at) { allowed } } }', { id, at: noonOn('2020-01-01') })
  assert.equal(refused.errors?.[0]?.extensions['field'], 'at')
  assert.equal((await subgraph.data(stranger, 'query ($id: ID!) { prescription(id: $id) { eligibility { allowed } } }', { id })).prescription, null)
})

test('C19 S79 one telemedicine prescription asked for 2026-12-30 and 2027-01-02 gets two answers, each with its rule', async () => {
  const patient = await registerPatient()
  const id = await verified({ patientId: patient.id, drugId: lorazepam.drugId, refills: 3 })
  await subgraph.sql(`update prescription set issue_date = '2026-12-15', expiry_date = '2027-06-15', evaluation_basis = 'TELEMED_TEMP_RULE' where id = $1`, [id])
  const [before, after] = [await eligibility(nora, id, noonOn('2026-12-30')), await eligibility(nora, id, noonOn('2027-01-02'))]
  assert.deepEqual(before.reasons.at(-1), {
    code: 'TELEMEDICINE_EXCEPTION', rule: 'us-telemedicine-flexibility', source: '21 CFR 1307.41; 90 FR 61301 (2025-12-31)', blocks: false, remedy: 'An in-person evaluation', changesOn: '2027-01-01',
    message: before.reasons.at(-1)!.message,
  })
  assert.deepEqual([after.reasons.at(-1)?.code, after.reasons.at(-1)?.source], ['RENEWAL_NEEDS_EVALUATION', '21 USC 829(e); 21 CFR 1306.09'])
  // what was lawfully issued stays good; issued after the end it would not be
  assert.deepEqual([before.allowed, after.allowed], [true, true])
  await subgraph.sql(`update prescription set issue_date = '2027-01-02', expiry_date = '2027-07-02' where id = $1`, [id])
  const written = await eligibility(nora, id, noonOn('2027-01-02'))
  assert.deepEqual([written.allowed, written.reasons[0]?.code, written.reasons[0]?.rule], [false, 'EVALUATION_REQUIRED', 'us-in-person-evaluation'])
})

test('C23 the rules of the state the patient lives in are added at intake, and those of the state the parcel goes to at the fill', async () => {
  const patient = await registerPatient()
  await livesIn(patient, 'TX')
  const oxycodone = await publishDrug({ genericName: 'oxymorphone', deaSchedule: 'CII' })
  const id = await verified({ patientId: patient.id, drugId: oxycodone.drugId, refills: 0 })
  const { prescription } = await subgraph.data(nora, 'query ($id: ID!) { prescription(id: $id) { expiryDate expiryRule { rule source } } }', { id })
  assert.deepEqual(prescription, { expiryDate: addDays(clock.today(), 30), expiryRule: { rule: 'tx-cii-validity', source: '22 TAC 315.3(a)(4), 315.5(b)(1) (46 TexReg 3521)' } })

  const mover = await registerPatient()
  const kept = await verified({ patientId: mover.id, drugId: oxycodone.drugId, refills: 0 })
  await subgraph.sql(`update prescription set issue_date = issue_date - 31 where id = $1`, [kept])
  const addressId = await livesIn(mover, 'TX')
  const [orderId, orderLineId] = [newId(), newId()]
  await subgraph.publish('orders.order-placed.v1', orderId, { orderId, patientId: mover.id, addressId, totalMinor: 1000, currency: 'USD', lines: [{ orderLineId, drugId: oxycodone.drugId, prescriptionId: kept, quantity: 30 }] })
  const fill = await eventually(async () => (await subgraph.sql<{ code: string; message: string }>('select status_reason_code as code, status_reason_message as message from fill where order_line_id = $1', [orderLineId]))[0], { what: 'fill' })
  assert.equal(fill.code, 'PRESCRIPTION_EXPIRED')
  assert.match(fill.message, /22 TAC 315/)
})

test('C24 where the state wants it, its programme is asked when the review is taken up, and told of the dispensing once', async () => {
  const pdmp = services().pdmp as ReturnType<typeof import('../src/pdmp/local.ts').localPdmp>
  const patient = await registerPatient()
  await livesIn(patient, 'FL')
  const id = await submit({ patientId: patient.id, drugId: lorazepam.drugId, refills: 0 })
  await untilPrescription(id, 'CLINICAL_REVIEW')
  pdmp.failNext(1000)
  const claim = held(await claimFor(nora, 'VERIFICATION', id))
  const early = await act(nora, 'verifyPrescription', claim)
  if (early.__typename === 'ReviewIncomplete') assert.match(early['missing'][0], /monitoring programme of FL .*Fla\. Stat\. 893\.055\(8\)/)
  else assert.fail('the programme did not answer, and the prescription was verified')
  pdmp.failNext(0)
  await eventually(async () => (await subgraph.sql('select 1 from pdmp_query where prescription_id = $1', [id])).length >= 1, { what: 'answer of the programme', within: 20_000 })
  assert.equal((await act(nora, 'verifyPrescription', claim))['prescription']?.status, 'VERIFIED')
  const fill = await packed(id, patient.id, lorazepam)
  await act(ken, 'releaseFill', { fillId: fill.id })
  const report = await eventually(async () => (await subgraph.sql<{ state: string; rule: string }>('select state, rule from pdmp_report where fill_id = $1', [fill.id]))[0], { what: 'report' })
  assert.deepEqual(report, { state: 'FL', rule: 'fl-pdmp-report' })
  assert.equal(pdmp.reported.get(fill.id)?.schedule, 'CIV')
  assert.ok(!JSON.stringify(await subgraph.sql('select * from pdmp_query')).includes('dispensings'))
})

test('C18 the month’s controlled dispensing is counted for those in charge, others may not ask', async () => {
  const month = clock.today().slice(0, 7)
  const ask = '{ controlledDispensingReport(month: "MONTH") { month prescriptions dosageUnits negative complete dueDay rule source } }'.replace('MONTH', month)
  const [counted] = await subgraph.sql<{ fills: number; units: number }>(`select count(*)::int as fills, sum(f.quantity)::float as units from fill f join prescription p on p.id = f.prescription_id where p.dea_schedule <> 'NONE' and f.released_at is not null`)
  const { controlledDispensingReport: report } = await subgraph.data(grace, ask)
  assert.deepEqual([report.prescriptions, report.dosageUnits, report.negative, report.complete, report.source], [counted?.fills, counted?.units ?? 0, true, false, '21 CFR 1304.55'])
  assert.ok(report.dueDay.endsWith('-15') && report.dueDay > clock.today())
  assert.equal((await subgraph.data(actorWith('compliance'), ask)).controlledDispensingReport.month, month)
  for (const actor of [nora, tom, elena, stranger]) assert.equal((await subgraph.graph(actor, ask)).errors?.[0]?.extensions['code'], 'FORBIDDEN')
  assert.equal((await subgraph.graph(grace, ask.replace(month, '2026-13'))).errors?.[0]?.extensions['field'], 'month')
})

const alertsOf = async (id: string) => (await subgraph.data(nora, 'query ($id: ID!) { prescription(id: $id) { alerts { id kind reasonCode severity message open evidence knowledgeVersion awaitsSecondPharmacist override { confirmedBy { id } } } } }', { id })).prescription.alerts
const confirm = async (actor: typeof nora, alertId: string) => {
  const { data, errors } = await subgraph.graph(actor, 'mutation ($input: ConfirmOverrideInput!) { confirmOverride(input: $input) { __typename ... on InvalidInput { field } } }', { input: { alertId } })
  return errors ? (errors[0]!.extensions['code'] as string) : data.confirmOverride.__typename
}

test('an allergy the patient told of stops the drug at review, and the next fill of one verified before', async () => {
  const patient = await registerPatient()
  const before = await verified({ patientId: patient.id, drugId: amoxicillin.drugId })
  await knowProfile(patient.id, 2, { allergies: [{ system: 'http://snomed.info/sct', code: '764146007', display: 'Penicillin', class: 'penicillin' }] })
  // an older profile comes late and changes nothing
  await knowProfile(patient.id, 1, {})
  const stopped = await order(before, patient.id, amoxicillin.drugId)
  assert.deepEqual([stopped.status, stopped.reason], ['BLOCKED', 'REVIEW_NEEDED'])
  const [alert] = await alertsOf(before)
  assert.deepEqual([alert.kind, alert.reasonCode, alert.severity, alert.open, alert.knowledgeVersion], ['ALLERGY', 'DA', 'MAJOR', true, 'patient-rules-2026.2'])
  assert.match(alert.message, /penicillins/)
  const stored = JSON.stringify(await subgraph.sql('select * from clinical_profile_fact')) + JSON.stringify(await subgraph.sql('select * from clinical_alert where prescription_id = $1', [before]))
  assert.ok(!/penicillin|764146007|1980-05|ALLERGY|"DA"/i.test(stored))
})

test('a contraindication waits for a second pharmacist, who is neither the first nor a technician', async () => {
  const patient = await registerPatient()
  const [one, two] = [await publishDrug({ genericName: 'ramelteon' }), await publishDrug({ genericName: 'fluvoxamine' })]
  await publishInteraction('ramelteon', 'fluvoxamine', 'CONTRAINDICATED')
  await verified({ patientId: patient.id, drugId: one.drugId })
  const id = await submit({ patientId: patient.id, drugId: two.drugId })
  await untilPrescription(id, 'CLINICAL_REVIEW')
  const claim = held(await claimFor(nora, 'VERIFICATION', id))
  const [{ id: alertId }] = await alertsOf(id)
  assert.equal(await confirm(ken, alertId), 'InvalidInput')
  const answer = { ...claim, alertId, professionalService: 'M0', result: '1G', text: 'prescriber agrees' }
  assert.equal((await act(nora, 'overrideAlert', answer)).__typename, 'PrescriptionPayload')
  assert.equal((await act(nora, 'overrideAlert', { ...answer, professionalService: 'M0', result: '1G', text: 'again' })).__typename, 'PrescriptionPayload')
  assert.deepEqual((await alertsOf(id)).map(({ open, awaitsSecondPharmacist }: { open: boolean; awaitsSecondPharmacist: boolean }) => [open, awaitsSecondPharmacist]), [[true, true]])
  assert.equal((await act(nora, 'verifyPrescription', claim)).__typename, 'ReviewIncomplete')
  assert.equal(await confirm(nora, alertId), 'SeparationOfDuties')
  assert.equal(await confirm(tom, alertId), 'FORBIDDEN')
  assert.equal(await confirm(ken, newId()), 'NOT_FOUND')
  assert.deepEqual([await confirm(ken, alertId), await confirm(ken, alertId)], ['PrescriptionPayload', 'PrescriptionPayload'])
  assert.equal((await alertsOf(id))[0].override.confirmedBy.id, ken.pharmacistId)
  assert.equal((await act(nora, 'verifyPrescription', claim))['prescription'].status, 'VERIFIED')
})

test('C14 a controlled prescription lacking what 21 CFR 1306.05(a) asks for is not verified, and what it lacks is named', async () => {
  const patient = await registerPatient()
  const id = await submit({ patientId: patient.id, drugId: lorazepam.drugId, refills: 0 })
  await untilPrescription(id, 'CLINICAL_REVIEW')
  const claim = held(await claimFor(nora, 'VERIFICATION', id))
  const authority = (schedules: string[]) => subgraph.sql('update practitioner_fact set schedule_authority = $2 where practitioner_id = $1', [elena.practitionerId, schedules])
  await authority(['CII'])
  const lacking = await act(nora, 'verifyPrescription', claim)
  await authority(['CII', 'CIII', 'CIV', 'CV'])
  assert.deepEqual([lacking.__typename, lacking['missing']], ['ReviewIncomplete', ['the prescriber may not prescribe schedule IV']])
  assert.equal((await act(nora, 'verifyPrescription', claim))['prescription'].status, 'VERIFIED')
})
