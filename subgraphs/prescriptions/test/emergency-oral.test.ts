import { test } from 'node:test'
import assert from 'node:assert/strict'
import { addDays, clock, newId, systemActor, transact, type Actor } from '@pharmagraph/platform'
import { actorWith, eventually } from '../../../tests/environment.ts'
import { watchEmergencyFollowUps } from '../src/jobs/watch-emergency-follow-ups.ts'
import {
  act, claimFor, elena, grace, held, holdStock, itemOf, ken, lot, nora, order, partner, post, publishDrug, readyToFill, registerPatient, samuel, statusOf, subgraph, submit, tom, untilPrescription, type KnownPatient, type Outcome,
} from './pharmacy.ts'

const oxycodone = await publishDrug({ genericName: 'oxycodone', deaSchedule: 'CII' })
const lorazepam = await publishDrug({ genericName: 'lorazepam', deaSchedule: 'CIV' })
const carl = actorWith('compliance')
const day = 86_400_000

const input = (patient: KnownPatient, about: object = {}) => ({
  patientId: patient.id, prescriberId: elena.practitionerId, drugId: oxycodone.drugId, sig: 'Take 1 tablet every 6 hours for pain.', quantity: 12, daysSupply: 3, authorisedAt: clock.now().toISOString(),
  determination: { immediateNeed: true, noAlternative: true, noWrittenOrderPossible: true }, reason: 'Fracture on a Sunday, the clinic is closed.', prescriberKnownBy: 'Called back at the number of the directory.', idempotencyKey: newId(), ...about,
})
const problems = '__typename ... on InvalidInput { code message field } ... on StepUpRequired { code message }'
const follow = 'emergencyFollowUp { id status dueAt receivedAs electronic { id } candidates { id } rule { rule source } allowedActions duties { authority met toTell notice { on reference } } history { verb reason actorRole } }'
const payload = `... on PrescriptionPayload { prescription { id number status source refillsAuthorized expiryDate expiryRule { rule source } ${follow} } }`
async function mutate(actor: Actor, verb: 'recordEmergencyOral' | 'confirmEmergencyOral' | 'recordEmergencyNotice', given: object): Promise<Outcome> {
  const refused = verb === 'recordEmergencyOral' ? problems : `${problems} ... on TransitionRefused { code message allowed }`
  const answer = await subgraph.graph(actor, `mutation ($input: ${verb[0]!.toUpperCase()}${verb.slice(1)}Input!) { ${verb}(input: $input) { ${refused} ${payload} } }`, { input: given })
  if (answer.errors) return { __typename: 'Error', code: answer.errors[0]!.extensions['code'], message: answer.errors[0]!.message }
  return answer.data[verb]
}
const prescriptionOf = async (id: string, fields: string, actor = nora) => (await subgraph.data(actor, `query ($id: ID!) { prescription(id: $id) { ${fields} } }`, { id })).prescription
const look = (): Promise<void> => transact(subgraph.running.orm, (em) => watchEmergencyFollowUps.run(em, systemActor('prescriptions')))

async function record(patient: KnownPatient, about: object = {}): Promise<string> {
  const outcome = await mutate(nora, 'recordEmergencyOral', input(patient, about))
  assert.equal(outcome.__typename, 'PrescriptionPayload', JSON.stringify(outcome))
  return outcome['prescription'].id
}
async function dispense(id: string, patient: KnownPatient): Promise<void> {
  await untilPrescription(id, 'CLINICAL_REVIEW')
  const verified = await act(ken, 'verifyPrescription', held(await claimFor(ken, 'VERIFICATION', id)))
  assert.equal(verified.__typename, 'PrescriptionPayload', JSON.stringify(verified))
  const fill = await order(id, patient.id, oxycodone.drugId, 12)
  await holdStock(fill, oxycodone, [lot(oxycodone, { quantity: 12 })])
  await readyToFill(fill.orderId, patient.id)
  const claim = await claimFor(tom, 'FILL', fill.id)
  await act(tom, 'scanFill', { ...held(claim), barcode: `${oxycodone.ndc} A123` })
  await act(tom, 'submitFill', held(claim))
  await act(ken, 'checkFill', held(await claimFor(ken, 'PRODUCT_CHECK', fill.id)))
  assert.equal((await act(grace, 'releaseFill', { fillId: fill.id }))['fill']?.status, 'RELEASED')
  await untilPrescription(id, 'DEPLETED')
}
/** Sets an oral order so many days back, with everything that was counted from it. */
async function back(id: string, days: number): Promise<void> {
  await subgraph.sql(`update emergency_follow_up set authorised_at = authorised_at - $2 * interval '1 day', due_at = due_at - $2 * interval '1 day' where prescription_id = $1`, [id, days])
  await subgraph.sql(`update prescription set expiry_date = expiry_date - $2::int where id = $1`, [id, days])
}
const electronic = (patient: KnownPatient, about: object = {}) => submit({ patientId: patient.id, drugId: oxycodone.drugId, quantity: 12, daysSupply: 3, refills: 0, sig: 'Take 1 tablet every 6 hours for pain.', ...about })

test('C15 an oral schedule II order is written down, verified by another pharmacist, dispensed, and confirmed by an electronic one that is never dispensed on', async () => {
  const patient = await registerPatient()
  const given = input(patient)
  const recorded = (await mutate(nora, 'recordEmergencyOral', given))['prescription']
  assert.deepEqual([recorded.source, recorded.refillsAuthorized, recorded.expiryDate, recorded.expiryRule.rule], ['ORAL', 0, addDays(clock.today(), 3), 'pharmacy-cii-emergency-validity'])
  assert.deepEqual([recorded.emergencyFollowUp.status, recorded.emergencyFollowUp.rule.source, clock.dayOf(new Date(recorded.emergencyFollowUp.dueAt))], ['AWAITED', '21 CFR 1306.11(d)', addDays(clock.today(), 7)])
  assert.equal((await mutate(nora, 'recordEmergencyOral', given))['prescription'].id, recorded.id)
  const { id } = recorded
  const told = (await subgraph.emitted('prescriptions.prescription-received.v1')).find(({ prescriptionId }) => prescriptionId === id)
  assert.deepEqual([told?.source, told?.oral], ['PORTAL', true])
  await untilPrescription(id, 'CLINICAL_REVIEW')
  await itemOf('VERIFICATION', id)
  const [item] = await subgraph.sql<{ priority: number; excluded: string[] }>(`select priority, excluded from work_item where prescription_id = $1`, [id])
  assert.deepEqual([item?.priority, item?.excluded], [10, [nora.subject]])
  await dispense(id, patient)
  const [reason] = (await prescriptionOf(id, 'eligibility { reasons { code message blocks changesOn } }')).eligibility.reasons.filter(({ code }: { code: string }) => code.startsWith('EMERGENCY'))
  assert.deepEqual([reason.code, reason.blocks, reason.changesOn, reason.message.includes('21 CFR 1306.11(d)')], ['EMERGENCY_FOLLOW_UP_AWAITED', false, addDays(clock.today(), 8), true])

  const follows = await electronic(patient)
  await untilPrescription(follows, 'CLINICAL_REVIEW')
  assert.deepEqual((await prescriptionOf(id, follow)).emergencyFollowUp.candidates, [{ id: follows }])
  const confirmed = (await mutate(ken, 'confirmEmergencyOral', { prescriptionId: id, electronicId: follows }))['prescription']
  assert.deepEqual([confirmed.emergencyFollowUp.status, confirmed.emergencyFollowUp.receivedAs, confirmed.emergencyFollowUp.electronic.id, confirmed.emergencyFollowUp.candidates], ['RECEIVED', 'ELECTRONIC', follows, []])
  const kept = await prescriptionOf(follows, 'status statusReason { code } confirmsOral { id } allowedActions eligibility { allowed }')
  assert.deepEqual([kept.status, kept.statusReason.code, kept.confirmsOral.id, kept.allowedActions, kept.eligibility.allowed], ['DUPLICATE', 'EMERGENCY_FOLLOW_UP', id, [], false])
  assert.equal((await order(follows, patient.id, oxycodone.drugId, 12)).reason, 'NOT_VERIFIED')
  assert.equal((await mutate(ken, 'confirmEmergencyOral', { prescriptionId: id, electronicId: follows })).code, 'FOLLOW_UP_RECEIVED')
  const changes = (await subgraph.emitted('prescriptions.emergency-follow-up-changed.v1')).filter(({ prescriptionId }) => prescriptionId === id)
  assert.deepEqual(changes.map(({ from, to, verb }) => [from, to, verb]), [[null, 'AWAITED', 'await'], ['AWAITED', 'RECEIVED', 'receive']])
})

test('C15 what is no emergency, no schedule II, too much, or by a prescriber without authority is refused with the field and its source; the second factor must be fresh', async () => {
  const patient = await registerPatient()
  const refused = async (about: object, actor = nora) => {
    const { code, field, message } = await mutate(actor, 'recordEmergencyOral', input(patient, about))
    return [code, field, /\((.+)\)/.exec(message)?.[1]]
  }
  assert.deepEqual(await refused({ determination: { immediateNeed: true, noAlternative: false, noWrittenOrderPossible: true } }), ['NOT_AN_EMERGENCY', 'determination', '21 CFR 290.10'])
  assert.deepEqual((await refused({ drugId: lorazepam.drugId })).slice(0, 2), ['NOT_SCHEDULE_II', 'drugId'])
  assert.deepEqual((await refused({ daysSupply: 4 })).slice(0, 2), ['EMERGENCY_SUPPLY_EXCEEDED', 'daysSupply'])
  assert.deepEqual((await refused({ authorisedAt: new Date(clock.now().getTime() - 2 * 3_600_000).toISOString() })).slice(0, 2), ['EMERGENCY_RECORDED_LATE', 'authorisedAt'])
  assert.deepEqual((await refused({ authorisedAt: new Date(clock.now().getTime() + day).toISOString() })).slice(0, 2), ['INVALID_INPUT', 'authorisedAt'])
  assert.deepEqual((await refused({ prescriberId: samuel.practitionerId })).slice(0, 1), ['NO_SCHEDULE_AUTHORITY'])
  assert.deepEqual((await refused({ reason: 'pain' })).slice(0, 2), ['INVALID_INPUT', 'reason'])
  assert.deepEqual((await refused({}, actorWith('pharmacist', { amr: ['pwd', 'otp'], authTime: Math.floor(clock.now().getTime() / 1000) - 600 }))).slice(0, 1), ['STEP_UP_REQUIRED'])
  assert.deepEqual((await refused({}, tom)).slice(0, 1), ['FORBIDDEN'])
  const [rows] = await subgraph.sql<{ count: number }>('select count(*)::int as count from prescription where patient_id = $1', [patient.id])
  assert.equal(rows?.count, 0)
})

test('C15 who wrote it down does not verify it, it is not amended, not transferred, and not verified after the emergency', async () => {
  const patient = await registerPatient()
  const id = await record(patient)
  await untilPrescription(id, 'CLINICAL_REVIEW')
  await itemOf('VERIFICATION', id)
  await subgraph.sql(`update work_item set excluded = '{}' where prescription_id = $1`, [id])
  const claim = held(await claimFor(nora, 'VERIFICATION', id))
  assert.equal((await act(nora, 'verifyPrescription', claim)).code, 'SEPARATION_OF_DUTIES')
  await subgraph.sql(`update work_item set status = 'AVAILABLE', claimed_by = null where id = $1`, [claim.workItemId])
  await back(id, 4)
  const review = held(await claimFor(ken, 'VERIFICATION', id))
  assert.equal((await act(ken, 'verifyPrescription', review)).code, 'PRESCRIPTION_EXPIRED')
  await back(id, -4)
  await act(ken, 'verifyPrescription', review)
  assert.equal(await statusOf(id), 'VERIFIED')
  assert.equal((await act(nora, 'amendPrescription', { prescriptionId: id, quantity: 8, agreement: 'Spoke to the prescriber today.' })).code, 'EMERGENCY_ORAL')
  const transfer = await subgraph.data(nora, `mutation ($input: TransferPrescriptionInput!) { transferPrescription(input: $input) { ... on TransitionRefused { code } } }`, {
    input: { prescriptionId: id, pharmacyName: 'Corner', pharmacyDea: 'AP5836727', pharmacistName: 'Pat Jones', askedByPatient: true },
  })
  assert.equal(transfer.transferPrescription.code, 'NOT_ELECTRONIC')
})

test('C15 an electronic order that says what it is and agrees in everything is kept with the oral one by itself; another quantity goes before the pharmacists', async () => {
  const patient = await registerPatient()
  const id = await record(patient)
  await dispense(id, patient)
  const other = await electronic(patient, { quantity: 60, daysSupply: 15 })
  await untilPrescription(other, 'CLINICAL_REVIEW')
  assert.match((await mutate(ken, 'confirmEmergencyOral', { prescriptionId: id, electronicId: other })).message, /60 units, the oral order was for 12/)
  const body = {
    resourceType: 'MedicationRequest', status: 'active', intent: 'order', identifier: [{ system: 'urn:clinic', value: newId() }],
    medicationCodeableConcept: { coding: [{ system: 'http://hl7.org/fhir/sid/ndc', code: oxycodone.ndc }], text: 'oxycodone 10 mg tablet' },
    subject: { identifier: { system: 'urn:pharmagraph:patient', value: patient.id } }, requester: { identifier: { system: 'http://hl7.org/fhir/sid/us-npi', value: '1999000106' } },
    authoredOn: clock.today(), dosageInstruction: [{ text: 'Take 1 tablet every 6 hours for pain.' }],
    dispenseRequest: { quantity: { value: 12 }, numberOfRepeatsAllowed: 0, expectedSupplyDuration: { value: 3, code: 'd' } }, note: [{ text: `Authorization for Emergency Dispensing, oral order of ${clock.today()}` }],
  }
  const response = await post('/fhir/R4/MedicationRequest', JSON.stringify(body), { contentType: 'application/fhir+json', headers: await subgraph.headersFor(partner) })
  assert.equal(response.status, 201, response.text)
  const follows = JSON.parse(response.text).id as string
  await untilPrescription(follows, 'DUPLICATE')
  const state = await prescriptionOf(id, follow)
  assert.deepEqual([state.emergencyFollowUp.status, state.emergencyFollowUp.electronic.id, state.emergencyFollowUp.history.at(-1)], ['RECEIVED', follows, { verb: 'receive', reason: 'ELECTRONIC', actorRole: 'system' }])
})

test('C15 after seven days it is overdue, listed for those who must tell the DEA, told once, and what comes late is on file all the same', async () => {
  const patient = await registerPatient()
  const id = await record(patient)
  await dispense(id, patient)
  await look()
  assert.equal((await prescriptionOf(id, follow)).emergencyFollowUp.status, 'AWAITED')
  assert.equal((await mutate(ken, 'recordEmergencyNotice', { prescriptionId: id, authority: 'DEA', notifiedOn: clock.today(), reference: 'Letter 1' })).code, 'NOTHING_TO_TELL')
  await back(id, 8)
  await look()
  await look()
  const list = async (actor: Actor) => (await subgraph.graph(actor, '{ emergencyFollowUps(status: OVERDUE) { nodes { prescription { id } duties { authority toTell } } } }'))
  const [found] = (await list(carl)).data.emergencyFollowUps.nodes.filter(({ prescription }: { prescription: { id: string } }) => prescription.id === id)
  assert.deepEqual(found?.duties, [{ authority: 'DEA', toTell: true }])
  assert.equal((await list(patient.actor)).errors?.[0]?.extensions['code'], 'FORBIDDEN')
  const overdue = (await subgraph.emitted('prescriptions.emergency-follow-up-changed.v1')).filter(({ prescriptionId, to }) => prescriptionId === id && to === 'OVERDUE')
  assert.equal(overdue.length, 1)

  const late = await electronic(patient)
  await untilPrescription(late, 'CLINICAL_REVIEW')
  const received = (await mutate(ken, 'confirmEmergencyOral', { prescriptionId: id, electronicId: late }))['prescription'].emergencyFollowUp
  assert.deepEqual([received.status, received.receivedAs, received.duties], ['OVERDUE', 'ELECTRONIC', [{ authority: 'DEA', met: false, toTell: true, notice: null }]])
  const notice = { prescriptionId: id, authority: 'DEA', notifiedOn: clock.today(), reference: 'DEA diversion field office, letter 2026-17' }
  assert.equal((await mutate(ken, 'recordEmergencyNotice', { ...notice, notifiedOn: addDays(clock.today(), 1) }))['field'], 'notifiedOn')
  const told = (await mutate(ken, 'recordEmergencyNotice', notice))['prescription'].emergencyFollowUp
  assert.deepEqual([told.status, told.duties, told.allowedActions], ['NOTIFIED', [{ authority: 'DEA', met: false, toTell: false, notice: { on: clock.today(), reference: notice.reference } }], ['receiveLate']])
  assert.equal((await mutate(ken, 'recordEmergencyNotice', notice)).code, 'NOTHING_TO_TELL')
})

test('C15 a paper order counts by its postmark, must name the oral one on its face, and in California both authorities are told', async () => {
  const patient = await registerPatient()
  const id = await record(patient)
  await dispense(id, patient)
  await subgraph.sql(`update prescription set patient_state = 'CA' where id = $1`, [id])
  await back(id, 9)
  await subgraph.sql(`update prescription set oral_authorised_at = oral_authorised_at - interval '9 days' where id = $1`, [id])
  await look()
  const oralDay = addDays(clock.today(), -9)
  const paper = { bearsAuthorization: true, oralOrderDate: oralDay, postmarkedOn: addDays(oralDay, 7) }
  const confirm = (about: object) => mutate(ken, 'confirmEmergencyOral', { prescriptionId: id, paper: { ...paper, ...about } })
  assert.equal((await confirm({ bearsAuthorization: false }))['field'], 'paper.bearsAuthorization')
  assert.equal((await confirm({ oralOrderDate: addDays(oralDay, 1) }))['field'], 'paper.oralOrderDate')
  const tell = async (authority: string) => (await mutate(nora, 'recordEmergencyNotice', { prescriptionId: id, authority, notifiedOn: clock.today(), reference: 'by letter' }))
  assert.equal((await tell('NY_DOH')).code, 'NOTHING_TO_TELL')
  assert.equal((await tell('CA_DOJ'))['prescription'].emergencyFollowUp.status, 'OVERDUE')
  assert.equal((await tell('CA_DOJ')).code, 'TOLD_BEFORE')
  const received = (await confirm({}))['prescription'].emergencyFollowUp
  assert.deepEqual([received.status, received.receivedAs, received.duties.map(({ met }: { met: boolean }) => met)], ['RECEIVED', 'PAPER', [true, true]])
})

test('C15 where nothing was dispensed nobody is told', async () => {
  const patient = await registerPatient()
  const id = await record(patient)
  await untilPrescription(id, 'CLINICAL_REVIEW')
  await back(id, 8)
  await look()
  assert.equal((await prescriptionOf(id, follow)).emergencyFollowUp.status, 'NOT_NEEDED')
})

test('C13 C15 the hour of the oral order is part of what is signed: moved, it is found out; the rows show nothing of the reason', async () => {
  const patient = await registerPatient()
  const id = await record(patient)
  await untilPrescription(id, 'CLINICAL_REVIEW')
  const [row] = await subgraph.sql<{ text: string }>('select p::text as text from prescription p where id = $1', [id])
  assert.ok(!/Fracture|directory/.test(row!.text))
  await eventually(async () => itemOf('VERIFICATION', id), { what: 'item' })
  await subgraph.sql(`update prescription set oral_authorised_at = oral_authorised_at + interval '1 day' where id = $1`, [id])
  assert.equal((await act(ken, 'verifyPrescription', held(await claimFor(ken, 'VERIFICATION', id)))).code, 'CONTENT_ALTERED')
})
