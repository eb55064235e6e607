import { test } from 'node:test'
import assert from 'node:assert/strict'
import { addDays, clock, systemActor, transact } from '@pharmagraph/platform'
import { eventually } from '../../../tests/environment.ts'
import { act, age, claimFor, elena, held, ken, network, nora, order, packed, post, publishDrug, registerPatient, statusOf, stranger, subgraph, tom, untilFill, untilPrescription, verified, type KnownPatient, type OrderedFill } from './pharmacy.ts'
import { planRefills } from '../src/jobs/plan-refills.ts'
import { anchorOf, planSync, type SyncCandidate } from '../src/reads/plan-sync.ts'

type Drug = Awaited<ReturnType<typeof publishDrug>>
const ask = (actor: typeof nora, prescriptionId: string) => act(actor, 'requestRefill', { prescriptionId })
const told = (outcome: Awaited<ReturnType<typeof act>>): unknown[] => [outcome['refillRequest']?.status, outcome['refillRequest']?.reason.code]
const tick = () => transact(subgraph.running.orm, (em) => planRefills.run(em, systemActor('prescriptions')))
const requests = (id: string) => subgraph.sql<{ id: string; status: string; reason_code: string; origin: string; due_on: string | null; order_id: string | null }>('select id, status, reason_code, origin, due_on::text, order_id from refill_request where prescription_id = $1 order by id', [id])

/** A prescription of which the first fill left so many days ago. */
async function dispensed(patient: KnownPatient, drug: Drug, { daysAgo = 0, ...about }: { daysAgo?: number; refills?: number } = {}): Promise<{ id: string; fill: OrderedFill }> {
  const id = await verified({ patientId: patient.id, drugId: drug.drugId, ...about })
  const fill = await packed(id, patient.id, drug)
  await act(ken, 'releaseFill', { fillId: fill.id })
  await age(id, daysAgo)
  return { id, fill }
}
const consent = async (patient: KnownPatient, granted: boolean, version: number): Promise<void> => {
  await subgraph.publish('patients.consent-changed.v1', patient.id, { patientId: patient.id, purpose: 'AUTO_REFILL', granted, policyVersion: '1', version })
  await eventually(async () => (await subgraph.sql('select 1 from patient_fact where patient_id = $1 and auto_refill_consent = $2', [patient.id, granted])).length === 1, { what: 'consent' })
}

test('a patient asks for a refill: too early it waits for its day, then it is ready, ordered, dispensed, each step with its reason', async () => {
  const patient = await registerPatient()
  const drug = await publishDrug({ genericName: 'ramipril' })
  const { id } = await dispensed(patient, drug, { refills: 2 })
  assert.equal((await ask(stranger, id))['code'], 'NOT_FOUND')
  assert.equal((await ask(elena, id))['code'], 'FORBIDDEN')
  const early = await ask(patient.actor, id)
  assert.deepEqual([...told(early), early['refillRequest'].dueOn, early['refillRequest'].rule.rule], ['WAITING', 'REFILL_TOO_EARLY', addDays(clock.today(), 24), 'pharmacy-early-refill'])
  // asked again it is the same one
  assert.equal((await ask(patient.actor, id))['refillRequest'].id, early['refillRequest'].id)
  await age(id, 24)
  await subgraph.sql('update refill_request set due_on = current_date where prescription_id = $1', [id])
  await tick()
  assert.deepEqual((await requests(id)).map(({ status, reason_code }) => [status, reason_code]), [['READY', 'REFILL_DUE']])
  const fill = await packed(id, patient.id, drug)
  assert.deepEqual((await requests(id)).map(({ status, order_id }) => [status, order_id]), [['ORDERED', fill.orderId]])
  await act(ken, 'releaseFill', { fillId: fill.id })
  assert.deepEqual((await requests(id)).map(({ status, reason_code }) => [status, reason_code]), [['DONE', 'DISPENSED']])
  const events = (await subgraph.emitted('prescriptions.refill-request-changed.v1')).filter(({ prescriptionId }) => prescriptionId === id).map(({ to, reasonCode }) => `${to} ${reasonCode}`)
  assert.deepEqual(events, ['REQUESTED REQUESTED', 'WAITING REFILL_TOO_EARLY', 'READY REFILL_DUE', 'ORDERED ORDER_PLACED', 'DONE DISPENSED'])
})

test('an order that comes to nothing leaves the wish, and whoever asked takes it back', async () => {
  const patient = await registerPatient()
  const drug = await publishDrug({ genericName: 'enalapril' })
  const { id } = await dispensed(patient, drug, { daysAgo: 26, refills: 1 })
  const asked = await ask(patient.actor, id)
  assert.deepEqual(told(asked), ['READY', 'LAST_REFILL_DUE'])
  const fill = await order(id, patient.id, drug.drugId)
  await subgraph.publish('orders.order-cancelled.v1', fill.orderId, { orderId: fill.orderId, patientId: patient.id, reasonCode: 'PATIENT_REQUEST' })
  await untilFill(fill.id, 'CANCELLED')
  assert.deepEqual((await requests(id)).map(({ status, reason_code, order_id }) => [status, reason_code, order_id]), [['READY', 'PATIENT_REQUEST', null]])
  assert.equal((await act(stranger, 'cancelRefill', { refillRequestId: asked['refillRequest'].id }))['code'], 'NOT_FOUND')
  for (const repeat of [1, 2]) assert.deepEqual(told(await act(patient.actor, 'cancelRefill', { refillRequestId: asked['refillRequest'].id })), ['CANCELLED', 'CANCELLED_BY_REQUESTER'], String(repeat))
  const { me } = { me: (await subgraph.data(patient.actor, 'query ($r: [_Any!]!) { _entities(representations: $r) { ... on Patient { openRefillRequests { id } } ... on RefillRequest { status } } }', { r: [{ __typename: 'Patient', id: patient.id }, { __typename: 'RefillRequest', id: asked['refillRequest'].id }] }))._entities }
  assert.deepEqual(me, [{ openRefillRequests: [] }, { status: 'CANCELLED' }])
  assert.equal((await subgraph.data(stranger, 'query ($id: ID!) { refillRequest(id: $id) { id } }', { id: asked['refillRequest'].id })).refillRequest, null)
})

test('C2 a refill of schedule II is declined with its rule, and automatic refills of it are refused', async () => {
  const patient = await registerPatient()
  const drug = await publishDrug({ genericName: 'fentanyl', deaSchedule: 'CII' })
  const { id } = await dispensed(patient, drug, { refills: 0 })
  const outcome = await ask(patient.actor, id)
  assert.deepEqual([...told(outcome), outcome['refillRequest'].rule], ['DECLINED', 'CII_NO_REFILLS', { rule: 'us-cii-no-refill', source: '21 CFR 1306.12(a)' }])
  const auto = await act(patient.actor, 'setAutoRefill', { prescriptionId: id, enabled: true })
  assert.deepEqual([auto['code'], /1306\.12/.test(auto['message'])], ['CII_NO_REFILLS', true])
})

test('S50 automatic refills need the consent to them at the switch and at the day, and ask before the supply runs out, once for each', async () => {
  const patient = await registerPatient()
  const drug = await publishDrug({ genericName: 'simvastatin' })
  const { id } = await dispensed(patient, drug, { refills: 3 })
  const set = (enabled: boolean) => act(patient.actor, 'setAutoRefill', { prescriptionId: id, enabled })
  assert.equal((await set(true))['code'], 'CONSENT_MISSING')
  await consent(patient, true, 1)
  assert.equal((await act(stranger, 'setAutoRefill', { prescriptionId: id, enabled: true }))['code'], 'NOT_FOUND')
  assert.equal((await set(true)).__typename, 'PrescriptionPayload')
  await tick()
  assert.deepEqual(await requests(id), [])
  await age(id, 24)
  await tick()
  await tick()
  assert.deepEqual((await requests(id)).map(({ origin, status, reason_code }) => [origin, status, reason_code]), [['AUTO', 'READY', 'REFILL_DUE']])
  // withdrawn: the next run-out is told to the patient instead
  await consent(patient, false, 2)
  await act(patient.actor, 'cancelRefill', { refillRequestId: (await requests(id))[0]!.id })
  await subgraph.sql('update prescription set due_soon_told_for = null where id = $1', [id])
  await tick()
  await tick()
  assert.equal((await requests(id)).length, 1)
  const notices = (await subgraph.emitted('prescriptions.refill-due-soon.v1')).filter(({ prescriptionId }) => prescriptionId === id)
  assert.deepEqual(notices.map(({ patientId, runsOutOn, refillsLeft }) => [patientId, runsOutOn, refillsLeft]), [[patient.id, addDays(clock.today(), 6), true]])
})

test('S50 S71 an automatic refill that is ready is told to orders, once; switching off, withdrawing the consent or skipping it takes the wish back', async () => {
  const drug = await publishDrug({ genericName: 'pravastatin' })
  const dueOf = async (id: string) => (await subgraph.emitted('prescriptions.auto-refill-due.v1')).filter(({ prescriptionId }) => prescriptionId === id)
  const ends: Record<string, (patient: KnownPatient, id: string, requestId: string) => Promise<unknown>> = {
    AUTO_REFILL_OFF: (patient, id) => act(patient.actor, 'setAutoRefill', { prescriptionId: id, enabled: false }),
    SKIPPED_BY_PATIENT: (patient, id, requestId) =>
      subgraph.publish('orders.auto-refill-changed.v1', requestId, { autoRefillId: requestId, prescriptionId: id, patientId: patient.id, from: 'SCHEDULED', to: 'SKIPPED', reasonCode: 'PATIENT_ASKED', orderOn: clock.today(), orderId: null }),
    CONSENT_WITHDRAWN: (patient) => consent(patient, false, 2),
  }
  for (const [reasonCode, end] of Object.entries(ends)) {
    const patient = await registerPatient()
    await consent(patient, true, 1)
    const { id } = await dispensed(patient, drug, { refills: 2 })
    assert.equal((await act(patient.actor, 'setAutoRefill', { prescriptionId: id, enabled: true })).__typename, 'PrescriptionPayload')
    await age(id, 24)
    await tick()
    await tick()
    const [wish] = await requests(id)
    assert.deepEqual((await dueOf(id)).map(({ refillRequestId, patientId, drugId, deaSchedule, runsOutOn }) => [refillRequestId, patientId, drugId, deaSchedule, runsOutOn]), [[wish!.id, patient.id, drug.drugId, 'NONE', addDays(clock.today(), 6)]])
    await end(patient, id, wish!.id)
    await eventually(async () => (await requests(id))[0]!.status === 'CANCELLED', { what: reasonCode })
    assert.equal((await requests(id))[0]!.reason_code, reasonCode)
  }
})

const renewalOf = (id: string): Promise<string> => eventually(() => network.messages.find((xml) => xml.includes(`RENEW-${id}`)), { what: 'RxRenewalRequest' })
const response = (relatesTo: string, messageId: string, body: string) => `<?xml version="1.0"?><Message xmlns="http://www.ncpdp.org/schema/SCRIPT" version="2017071"><Header><To>PHARMAGRAPH</To><From>1999000106</From><MessageID>${messageId}</MessageID><RelatesToMessageID>${relatesTo}</RelatesToMessageID></Header><Body><RxRenewalResponse>${body}</RxRenewalResponse></Body></Message>`

test('without refills the prescriber is asked over the network; approved, with changes or not, it is a new prescription with a review of its own', async () => {
  const patient = await registerPatient()
  for (const [genericName, body, reason, expected] of [
    ['sertraline', '<Response><Approved/></Response><MedicationPrescribed><NumberOfRefills>3</NumberOfRefills></MedicationPrescribed>', 'RENEWED', [30, 3, 'Take 1 tablet daily.']],
    ['citalopram', '<Response><ApprovedWithChanges/></Response><MedicationPrescribed><Quantity><Value>15</Value></Quantity><DaysSupply>15</DaysSupply><NumberOfRefills>0</NumberOfRefills><Sig><SigText>Half a tablet daily.</SigText></Sig></MedicationPrescribed>', 'RENEWED_WITH_CHANGES', [15, 0, 'Half a tablet daily.']],
  ] as const) {
    const drug = await publishDrug({ genericName })
    const { id } = await dispensed(patient, drug, { daysAgo: 28, refills: 0 })
    const outcome = await ask(patient.actor, id)
    assert.deepEqual(told(outcome), ['WITH_PRESCRIBER', 'NO_REFILLS_LEFT'])
    const request: string = outcome['refillRequest'].id
    const xml = await renewalOf(request)
    assert.match(xml, /<RxRenewalRequest>/)
    const answer = response(`RENEW-${request}`, `ANSWER-${request}`, body)
    const first = await post('/erx/script', answer)
    assert.match(first.text, /<Code>010<\/Code>/)
    assert.equal((await post('/erx/script', answer)).text, first.text)
    // the same answer under another message makes no second prescription
    await post('/erx/script', answer.replace('ANSWER-', 'AGAIN-'))
    assert.deepEqual((await requests(id)).map(({ status, reason_code }) => [status, reason_code]), [['RENEWED', reason]])
    const { refillRequest } = await subgraph.data(patient.actor, 'query ($id: ID!) { refillRequest(id: $id) { renewedBy { id quantity refillsAuthorized sig issueDate prior { id replacedBy { id } } } } }', { id: request })
    const next = refillRequest.renewedBy
    assert.deepEqual([next.quantity, next.refillsAuthorized, next.sig, next.issueDate, next.prior.id, next.prior.replacedBy.length], [...expected, clock.today(), id, 1])
    await untilPrescription(next.id, 'CLINICAL_REVIEW')
    const verification = await act(nora, 'verifyPrescription', held(await claimFor(nora, 'VERIFICATION', next.id)))
    assert.equal(verification['prescription']?.status, 'VERIFIED', JSON.stringify(verification))
    assert.deepEqual(told(await ask(patient.actor, next.id)), ['READY', 'FIRST_FILL_DUE'])
  }
})

test('C13 what was altered is not renewed: the prescriber is told to write a new one', async () => {
  const patient = await registerPatient()
  const [drug, stronger] = [await publishDrug({ genericName: 'metoprolol' }), await publishDrug({ genericName: 'propranolol' })]
  const { id } = await dispensed(patient, drug, { daysAgo: 28, refills: 0 })
  const request = (await ask(patient.actor, id))['refillRequest'].id as string
  await renewalOf(request)
  await subgraph.sql('update prescription set drug_id = $2 where id = $1', [id, stronger.drugId])
  const answer = await post('/erx/script', response(`RENEW-${request}`, `ALTERED-${request}`, '<Response><Approved/></Response>'))
  assert.match(answer.text, /<Code>900<\/Code>.*no longer what was verified/)
  assert.deepEqual([(await requests(id)).map(({ status }) => status), (await subgraph.sql('select 1 from prescription where patient_id = $1', [patient.id])).length], [['WITH_PRESCRIBER'], 1])
})

test('a renewal denied ends the wish, silence ends it after days, and an answer to nothing is refused', async () => {
  const patient = await registerPatient()
  const drug = await publishDrug({ genericName: 'tadalafil' })
  const { id } = await dispensed(patient, drug, { daysAgo: 28, refills: 0 })
  const first = (await ask(patient.actor, id))['refillRequest'].id as string
  await renewalOf(first)
  await post('/erx/script', response(`RENEW-${first}`, `DENY-${first}`, '<Response><Denied><DenialReason>See me first</DenialReason></Denied></Response>'))
  const second = (await ask(patient.actor, id))['refillRequest'].id as string
  assert.notEqual(second, first)
  await subgraph.sql(`update refill_request set asked_prescriber_at = now() - interval '6 days' where id = $1`, [second])
  await tick()
  assert.deepEqual((await requests(id)).map(({ status, reason_code }) => [status, reason_code]), [['DECLINED', 'PRESCRIBER_DENIED'], ['DECLINED', 'PRESCRIBER_SILENT']])
  assert.match((await post('/erx/script', response('RENEW-01990000-0000-7000-8000-000000000000', 'X-1', '<Response><Approved/></Response>'))).text, /no renewal that this message answers/)
  assert.match((await post('/erx/script', response(`RENEW-${second}`, 'X-2', '<Response><Maybe/></Response>'))).text, /Approved, ApprovedWithChanges, Replace, Denied/)
  assert.equal(await statusOf(id), 'DEPLETED')
})

test('whoever works in the pharmacy asks for a patient; what cannot be refilled is declined in codes', async () => {
  const patient = await registerPatient()
  const drug = await publishDrug({ genericName: 'carvedilol' })
  const { id } = await dispensed(patient, drug, { daysAgo: 27, refills: 2 })
  const outcome = await ask(tom, id)
  assert.deepEqual([...told(outcome), outcome['refillRequest'].origin], ['READY', 'REFILL_DUE', 'STAFF'])
  await act(tom, 'cancelRefill', { refillRequestId: outcome['refillRequest'].id })
  assert.equal((await act(nora, 'holdPrescription', { prescriptionId: id, reasonCode: 'HOLD_CLINICAL' })).__typename !== 'Error', true)
  assert.deepEqual(told(await ask(patient.actor, id)), ['DECLINED', 'HOLD_CLINICAL'])
})

const candidate = (about: Partial<SyncCandidate>): SyncCandidate => ({ id: 'a', status: 'VERIFIED', deaSchedule: 'NONE', quantity: 30, daysSupply: 30, supplyUntil: '2026-12-10', nextQuantity: null, refillsLeft: 3, ...about })

test('prescriptions are brought to the latest run-out by short fills; what is controlled, owed or without refills is left out with its reason', () => {
  const today = '2026-11-22'
  const all = [
    candidate({ id: 'late', supplyUntil: '2026-12-20' }), candidate({ id: 'early', supplyUntil: '2026-12-05', quantity: 60 }), candidate({ id: 'out', supplyUntil: '2026-11-01' }),
    candidate({ id: 'cs', deaSchedule: 'CIV' }), candidate({ id: 'owed', nextQuantity: 10 }), candidate({ id: 'none', refillsLeft: 0 }), candidate({ id: 'held', status: 'ON_HOLD' }),
  ]
  assert.equal(anchorOf(all, today), '2026-12-20')
  const steps = planSync(all, '2026-12-20', today).map(({ prescriptionId, action, reasonCode, fillOn, quantity, days }) => [prescriptionId, action, reasonCode, fillOn, quantity, days])
  assert.deepEqual(steps, [
    ['late', 'ON_ANCHOR', 'SYNCED', '2026-12-20', 30, 30],
    ['early', 'SHORT_FILL', 'SHORT_FILL_TO_SYNC', '2026-12-05', 30, 15],
    ['out', 'SHORT_FILL', 'SHORT_FILL_TO_SYNC', '2026-11-22', 28, 28],
    ['cs', 'LEFT_OUT', 'CONTROLLED_NOT_SYNCED', null, null, null], ['owed', 'LEFT_OUT', 'OWED_BALANCE', null, null, null],
    ['none', 'LEFT_OUT', 'NO_REFILLS_LEFT', null, null, null], ['held', 'LEFT_OUT', 'NOT_ACTIVE', null, null, null],
  ])
})

test('a patient brings two prescriptions to one day: the short fill is ordered as such and the next one is whole again', async () => {
  const patient = await registerPatient()
  const [one, two] = [await publishDrug({ genericName: 'pravastatin' }), await publishDrug({ genericName: 'candesartan' })]
  const a = await dispensed(patient, one, { daysAgo: 26, refills: 3 })
  const b = await dispensed(patient, two, { daysAgo: 14, refills: 3 })
  const sync = (actor: typeof nora, prescriptionIds: string[]) => subgraph.graph(actor, `mutation ($i: SyncRefillsInput!) { syncRefills(input: $i) { __typename ... on InvalidInput { field } ... on SyncRefillsPayload { anchor steps { prescription { id } action reason { code message } fillOn quantity days } } } }`, { i: { prescriptionIds } })
  assert.equal((await sync(patient.actor, [a.id])).data.syncRefills.field, 'prescriptionIds')
  assert.equal((await sync(stranger, [a.id, b.id])).errors?.[0]?.extensions['code'], 'NOT_FOUND')
  const { syncRefills } = (await sync(patient.actor, [a.id, b.id])).data
  assert.equal(syncRefills.anchor, addDays(clock.today(), 16))
  assert.deepEqual(syncRefills.steps.map(({ action, quantity, days }: { action: string; quantity: number; days: number }) => [action, quantity, days]), [['SHORT_FILL', 12, 12], ['ON_ANCHOR', 30, 30]])
  assert.deepEqual([(await requests(a.id)).map(({ origin, status }) => [origin, status]), (await requests(b.id)).map(({ origin, status }) => [origin, status])], [[['MED_SYNC', 'READY']], [['MED_SYNC', 'WAITING']]])
  assert.equal((await order(a.id, patient.id, one.drugId, 30)).reason, 'QUANTITY_MISMATCH')
  const fill = await order(a.id, patient.id, one.drugId, 12)
  assert.equal(fill.status, 'SCREENING', fill.reason ?? '')
})
