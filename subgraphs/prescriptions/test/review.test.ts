import { test } from 'node:test'
import assert from 'node:assert/strict'
import { addDays, clock, newId } from '@pharmagraph/platform'
import { actorWith, eventually } from '../../../tests/environment.ts'
import { act, claimFor, elena, held, itemOf, ken, nora, order, packed, publishDrug, publishInteraction, registerPatient, samuel, stranger, subgraph, submit, tom, untilPrescription, verified, type KnownPatient } from './pharmacy.ts'

const warfarin = await publishDrug({ genericName: 'warfarin' })
const fluconazole = await publishDrug({ genericName: 'fluconazole' })
const oxycodone = await publishDrug({ genericName: 'oxycodone', deaSchedule: 'CII', pharmacologicClass: 'Opioid Agonist' })
await publishInteraction('fluconazole', 'warfarin', 'MAJOR')

const alertsOf = async (id: string) => (await subgraph.data(nora, 'query ($id: ID!) { prescription(id: $id) { alerts { id kind reasonCode severity message management evidence knowledgeVersion open override { professionalService result text by { id } } } } }', { id })).prescription.alerts
const inReview = async (patient: KnownPatient, drug: { drugId: string }, more: object = {}): Promise<string> => {
  const id = await submit({ patientId: patient.id, drugId: drug.drugId, ...more })
  await untilPrescription(id, 'CLINICAL_REVIEW')
  return id
}

test('a major interaction with another active prescription blocks verification until a pharmacist answers it in codes', async () => {
  const patient = await registerPatient()
  const first = await verified({ patientId: patient.id, drugId: warfarin.drugId })
  const id = await inReview(patient, fluconazole, { refills: 0 })
  const [alert] = await alertsOf(id)
  assert.deepEqual([alert.kind, alert.reasonCode, alert.severity, alert.open, alert.evidence, alert.knowledgeVersion], ['DRUG_DRUG', 'DD', 'MAJOR', true, 'Label section 7', '2026.1'])
  assert.match(alert.message, /fluconazole with warfarin/)
  const claim = held(await claimFor(nora, 'VERIFICATION', id))
  const incomplete = await act(nora, 'verifyPrescription', claim)
  assert.deepEqual([incomplete.__typename, incomplete['openAlerts'].map(({ id: alertId }: { id: string }) => alertId), incomplete['missing']], ['ReviewIncomplete', [alert.id], []])

  const answer = { ...claim, alertId: alert.id, professionalService: 'M0', result: '1G', text: 'Dr. Petrova monitors INR.' }
  assert.equal((await act(nora, 'overrideAlert', { ...answer, professionalService: 'QQ' }))['field'], 'professionalService')
  assert.equal((await act(nora, 'overrideAlert', { ...answer, result: '2A' }))['field'], 'result')
  assert.equal((await act(nora, 'overrideAlert', { ...answer, alertId: newId() }))['field'], 'alertId')
  assert.equal((await act(tom, 'overrideAlert', answer)).code, 'FORBIDDEN')
  assert.equal((await act(nora, 'overrideAlert', answer)).__typename, 'PrescriptionPayload')
  assert.equal((await act(nora, 'overrideAlert', answer)).__typename, 'PrescriptionPayload')
  assert.deepEqual((await alertsOf(id))[0].override, { professionalService: 'M0', result: '1G', text: 'Dr. Petrova monitors INR.', by: { id: nora.pharmacistId } })
  assert.equal((await act(nora, 'verifyPrescription', claim))['prescription'].status, 'VERIFIED')

  // the pair was reviewed: neither prescription is stopped by it at its fill
  for (const [prescription, drug] of [[id, fluconazole], [first, warfarin]] as const) assert.equal((await order(prescription, patient.id, drug.drugId)).status, 'SCREENING')
  assert.ok(!JSON.stringify(await subgraph.sql('select * from clinical_alert')).includes('INR'))
})

test('a contraindicated pair goes on only with the prescriber consulted and approving, and then waits for a second pharmacist', async () => {
  const [one, two] = [await publishDrug({ genericName: 'tizanidine' }), await publishDrug({ genericName: 'ciprofloxacin' })]
  await publishInteraction('tizanidine', 'ciprofloxacin', 'CONTRAINDICATED')
  const patient = await registerPatient()
  await verified({ patientId: patient.id, drugId: one.drugId })
  const id = await inReview(patient, two)
  const [alert] = await alertsOf(id)
  const claim = held(await claimFor(nora, 'VERIFICATION', id))
  assert.equal((await act(nora, 'overrideAlert', { ...claim, alertId: alert.id, professionalService: 'P0', result: '1B', text: 'patient agrees' }))['field'], 'result')
  assert.equal((await act(nora, 'overrideAlert', { ...claim, alertId: alert.id, professionalService: 'M0', result: '1G', text: 'prescriber agrees' })).__typename, 'PrescriptionPayload')
  assert.equal((await act(nora, 'verifyPrescription', claim)).__typename, 'ReviewIncomplete')
})

test('a second prescription of the same ingredient is an open duplicate; one of the same class is only told', async () => {
  const [one, same, kin] = [await publishDrug({ genericName: 'atorvastatin', pharmacologicClass: 'Statin' }), await publishDrug({ genericName: 'atorvastatin', pharmacologicClass: 'Statin' }), await publishDrug({ genericName: 'rosuvastatin', pharmacologicClass: 'Statin' })]
  const patient = await registerPatient()
  await verified({ patientId: patient.id, drugId: one.drugId })
  const [major] = await alertsOf(await inReview(patient, same))
  assert.deepEqual([major.kind, major.reasonCode, major.severity, major.open], ['DUPLICATE_THERAPY', 'TD', 'MAJOR', true])
  const [moderate] = await alertsOf(await inReview(patient, kin))
  assert.deepEqual([moderate.severity, moderate.open], ['MODERATE', false])
})

test('an alert whose ground is gone does not stand in the way', async () => {
  const patient = await registerPatient()
  const first = await verified({ patientId: patient.id, drugId: warfarin.drugId })
  const id = await inReview(patient, fluconazole)
  assert.equal((await alertsOf(id))[0].open, true)
  await subgraph.sql(`update prescription set status = 'DISCONTINUED' where id = $1`, [first])
  assert.equal((await act(nora, 'verifyPrescription', held(await claimFor(nora, 'VERIFICATION', id))))['prescription'].status, 'VERIFIED')
})

test('knowledge that comes after the verification blocks the next fill, and brings the prescription back to a pharmacist', async () => {
  const [one, two] = [await publishDrug({ genericName: 'simvastatin' }), await publishDrug({ genericName: 'clarithromycin' })]
  const patient = await registerPatient()
  await verified({ patientId: patient.id, drugId: one.drugId })
  const id = await verified({ patientId: patient.id, drugId: two.drugId })
  await publishInteraction('simvastatin', 'clarithromycin', 'MAJOR')
  const blocked = await order(id, patient.id, two.drugId)
  assert.deepEqual([blocked.status, blocked.reason], ['BLOCKED', 'DD'])
  const claim = held(await claimFor(nora, 'VERIFICATION', id))
  const [alert] = await alertsOf(id)
  assert.equal((await act(nora, 'overrideAlert', { ...claim, alertId: alert.id, professionalService: 'R0', result: '1B', text: 'short course' })).__typename, 'PrescriptionPayload')
  assert.equal((await order(id, patient.id, two.drugId)).status, 'SCREENING')
})

test('a prescription that came back with a finding is put away once the finding is gone, or ended by the pharmacist', async () => {
  const patient = await registerPatient()
  const came = async (kept: string): Promise<{ id: string; other: string; claim: { workItemId: string; token: number } }> => {
    const [one, two] = [await publishDrug({ genericName: `${kept}-one` }), await publishDrug({ genericName: `${kept}-two` })]
    const other = await verified({ patientId: patient.id, drugId: one.drugId })
    const id = await verified({ patientId: patient.id, drugId: two.drugId })
    await publishInteraction(`${kept}-one`, `${kept}-two`, 'MAJOR')
    assert.equal((await order(id, patient.id, two.drugId)).reason, 'DD')
    return { id, other, claim: held(await claimFor(nora, 'VERIFICATION', id)) }
  }
  const gone = await came('gone')
  assert.equal((await act(nora, 'verifyPrescription', gone.claim)).__typename, 'ReviewIncomplete')
  await subgraph.sql(`update prescription set status = 'DISCONTINUED' where id = $1`, [gone.other])
  assert.equal((await act(nora, 'verifyPrescription', gone.claim))['prescription'].status, 'VERIFIED')
  assert.equal((await act(nora, 'verifyPrescription', gone.claim))['code'], 'ALREADY_DONE')

  const ended = await came('ended')
  assert.equal((await act(nora, 'rejectPrescription', { ...ended.claim, reasonCode: 'CLINICALLY_INAPPROPRIATE', text: 'too risky' }))['prescription'].status, 'DISCONTINUED')
})

test('what a drug was is not believed over what it is: an older event changes nothing', async () => {
  const drug = await publishDrug({ genericName: 'newer', version: 3 })
  await subgraph.publish('catalog.drug-published.v1', drug.drugId, { ...drug, version: 2, genericName: 'older', deaSchedule: 'CII' })
  await publishDrug({ genericName: 'marker' })
  assert.deepEqual((await subgraph.sql('select generic_name, dea_schedule, version from drug_fact where drug_id = $1', [drug.drugId]))[0], { generic_name: 'newer', dea_schedule: 'NONE', version: 3 })
})

test('verification needs a second factor, and for a controlled substance one not older than five minutes', async () => {
  const patient = await registerPatient()
  const now = Math.floor(Date.now() / 1000)
  const plain = held(await claimFor(nora, 'VERIFICATION', await inReview(patient, await publishDrug({ genericName: 'metformin' }))))
  assert.equal((await act({ ...nora, amr: ['pwd'] }, 'verifyPrescription', plain)).__typename, 'StepUpRequired')
  assert.equal((await act({ ...nora, authTime: now - 3600 }, 'verifyPrescription', plain))['prescription'].status, 'VERIFIED')
  const controlled = held(await claimFor(nora, 'VERIFICATION', await inReview(patient, oxycodone, { refills: 0 })))
  const asked = await act({ ...nora, authTime: now - 301 }, 'verifyPrescription', controlled)
  assert.deepEqual([asked.__typename, asked['acrValues'], asked['maxAgeSeconds']], ['StepUpRequired', 'urn:pharmagraph:otp', 300])
  const outcome = await act({ ...nora, authTime: now }, 'verifyPrescription', controlled)
  assert.equal(outcome['prescription'].status, 'VERIFIED')
  const { prescription } = await subgraph.data(nora, 'query ($id: ID!) { prescription(id: $id) { verification { secondFactorAt by { id } } expiryRule { rule source } } }', { id: outcome['prescription'].id })
  assert.equal(prescription.verification.secondFactorAt, new Date(now * 1000).toISOString())
  assert.ok(prescription.expiryRule.source)
})

test('C16 S16 S74 a prescriber signs a controlled substance with a fresh second factor and the authority for its schedule', async () => {
  const patient = await registerPatient()
  const input = { patientId: patient.id, drugId: oxycodone.drugId, sig: 'Take 1 tablet.', quantity: 20, daysSupply: 5, refills: 0, idempotencyKey: newId() }
  assert.equal((await act({ ...elena, amr: ['pwd'] }, 'submitPrescription', input)).code, 'STEP_UP_REQUIRED')
  assert.equal((await act(samuel, 'submitPrescription', input)).code, 'NO_SCHEDULE_AUTHORITY')
  const refilled = await act(elena, 'submitPrescription', { ...input, refills: 2 })
  assert.deepEqual([refilled['code'], refilled['field']], ['CII_NO_REFILLS', 'refills'])
  const [one, two] = [await act(elena, 'submitPrescription', input), await act(elena, 'submitPrescription', input)]
  assert.deepEqual([one['prescription'].status, one['prescription'].id], ['RECEIVED', two['prescription'].id])
})

test('S16 what a prescriber submits wrongly is refused with the field named, and others may not submit at all', async () => {
  const patient = await registerPatient()
  const input = { patientId: patient.id, drugId: warfarin.drugId, sig: 'Take 1 tablet.', quantity: 30, idempotencyKey: newId() }
  const field = async (more: object) => (await act(elena, 'submitPrescription', { ...input, ...more }))['field']
  for (const [more, name] of [[{ patientId: newId() }, 'patientId'], [{ drugId: 'x' }, 'drugId'], [{ sig: ' ' }, 'sig'], [{ quantity: 0 }, 'quantity'], [{ refills: -1 }, 'refills'], [{ daw: 10 }, 'daw'], [{ daysSupply: 400 }, 'daysSupply'], [{ earliestFillDate: '2020-01-01' }, 'earliestFillDate']] as const) {
    assert.equal(await field(more), name)
  }
  assert.equal((await act(stranger, 'submitPrescription', input)).code, 'FORBIDDEN')
  assert.equal((await act(actorWith('prescriber', { practitionerId: newId() }), 'submitPrescription', input)).code, 'FORBIDDEN')
  assert.equal((await subgraph.sql('select 1 from prescription where patient_id = $1', [patient.id])).length, 0)
})

test('a schedule II prescription names the day before which it may not be filled, and a series makes ninety days at most', async () => {
  const patient = await registerPatient()
  const drug = await publishDrug({ genericName: 'methylphenidate', deaSchedule: 'CII' })
  const inDays = (days: number) => addDays(clock.today(), days)
  const write = (about: object) => inReview(patient, drug, { refills: 0, ...about })
  const verify = async (id: string) => {
    const claim = held(await claimFor(nora, 'VERIFICATION', id))
    for (const { id: alertId, open } of await alertsOf(id)) if (open) await act(nora, 'overrideAlert', { ...claim, alertId, professionalService: 'R0', result: '1B', text: 'one series' })
    const outcome = await act(nora, 'verifyPrescription', claim)
    if (outcome.__typename === 'TransitionRefused') await act(nora, 'rejectPrescription', { ...claim, reasonCode: 'INVALID_PRESCRIPTION', text: 'series too long' })
    return outcome
  }
  assert.equal((await verify(await write({ daysSupply: 30 })))['prescription']?.status, 'VERIFIED')
  const second = await write({ daysSupply: 30, earliestFillDate: inDays(30) })
  assert.equal((await verify(second))['prescription']?.status, 'VERIFIED')
  const third = await verify(await write({ daysSupply: 31, earliestFillDate: inDays(60) }))
  assert.deepEqual([third.__typename, third['code']], ['TransitionRefused', 'CII_SERIES_TOO_LONG'])
  const fill = await order(second, patient.id, drug.drugId)
  assert.deepEqual([fill.reason, fill.next_eligible_at], ['TOO_EARLY_EARLIEST_FILL_DATE', inDays(30)])
})

test('C20 a rejected prescription tells its patient the reason as a sentence, and the pharmacist’s words to professionals only', async () => {
  const patient = await registerPatient()
  const id = await inReview(patient, warfarin)
  const claim = held(await claimFor(ken, 'VERIFICATION', id))
  assert.equal((await act(ken, 'rejectPrescription', { ...claim, reasonCode: 'BECAUSE', text: 'x' }))['field'], 'reasonCode')
  assert.equal((await act(ken, 'rejectPrescription', { ...claim, reasonCode: 'CLINICALLY_INAPPROPRIATE', text: 'See INTERNAL-REMARK.' }))['prescription'].status, 'REJECTED')
  const reason = async (actor: typeof nora) => (await subgraph.data(actor, 'query ($id: ID!) { prescription(id: $id) { statusReason { code message } allowedActions } }', { id })).prescription
  assert.deepEqual(await reason(patient.actor), { statusReason: { code: 'CLINICALLY_INAPPROPRIATE', message: 'Not appropriate for this patient' }, allowedActions: [] })
  assert.match((await reason(elena)).statusReason.message, /INTERNAL-REMARK/)
  const events = JSON.stringify(await subgraph.emitted('prescriptions.prescription-status-changed.v1'))
  assert.ok(events.includes('CLINICALLY_INAPPROPRIATE') && !events.includes('INTERNAL-REMARK'))
})

test('the verbs offered are those the caller may use now', async () => {
  const patient = await registerPatient()
  const id = await inReview(patient, warfarin)
  const actions = async (actor: typeof nora) => (await subgraph.data(actor, 'query ($id: ID!) { prescription(id: $id) { allowedActions } }', { id })).prescription.allowedActions
  assert.deepEqual(await actions(nora), ['verify', 'requestClarification', 'reject'])
  assert.deepEqual([await actions(tom), await actions(patient.actor), await actions(elena)], [[], ['cancel'], ['cancel']])
})

test('S74 a prescriber lists what they wrote, page by page, and nobody else’s', async () => {
  const patient = await registerPatient()
  const mine = actorWith('prescriber', { amr: ['pwd', 'otp'], practitionerId: newId() })
  await subgraph.publish('patients.practitioner-registered.v1', mine.practitionerId!, { practitionerId: mine.practitionerId!, npi: '1999000122', deaNumber: null, active: true, licenceStates: ['CA'], scheduleAuthority: [] })
  await eventually(async () => (await subgraph.sql('select 1 from practitioner_fact where practitioner_id = $1', [mine.practitionerId])).length === 1)
  const ids: string[] = []
  for (let n = 0; n < 3; n++) ids.push(await submit({ patientId: patient.id, drugId: warfarin.drugId, sig: `Take ${n + 1} tablets.` }, mine))
  const page = async (after?: string) => (await subgraph.data(mine, 'query ($after: String) { writtenPrescriptions(first: 2, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } } }', { after })).writtenPrescriptions
  const one = await page()
  const two = await page(one.pageInfo.endCursor)
  assert.deepEqual([...one.nodes, ...two.nodes].map(({ id }: { id: string }) => id), ids.reverse())
  assert.deepEqual([one.pageInfo.hasNextPage, two.pageInfo.hasNextPage], [true, false])
  assert.equal((await subgraph.graph(nora, '{ writtenPrescriptions { nodes { id } } }')).errors?.[0]?.extensions['code'], 'FORBIDDEN')
  for (const id of ids) await itemOf('VERIFICATION', id)
})

test('S31 S71 a patient sees active and past prescriptions apart', async () => {
  const patient = await registerPatient()
  const active = await inReview(patient, warfarin)
  const past = await inReview(patient, fluconazole)
  await act(ken, 'rejectPrescription', { ...held(await claimFor(ken, 'VERIFICATION', past)), reasonCode: 'PATIENT_REQUEST', text: '' })
  const list = async (filter: string) =>
    (await subgraph.data(patient.actor, 'query ($r: [_Any!]!, $f: PrescriptionFilter) { _entities(representations: $r) { ... on Patient { prescriptions(filter: $f) { nodes { id } } } } }', { f: filter, r: [{ __typename: 'Patient', id: patient.id }] }))
      ._entities[0].prescriptions.nodes.map(({ id }: { id: string }) => id)
  assert.deepEqual([await list('ALL'), await list('ACTIVE'), await list('PAST')], [[past, active], [active], [past]])
})

test('a refill asked for before its day is an alert on record, with its rule as evidence, that stands in the way of nothing', async () => {
  const patient = await registerPatient()
  const drug = await publishDrug({ genericName: 'amlodipine' })
  const id = await verified({ patientId: patient.id, drugId: drug.drugId })
  await act(ken, 'releaseFill', { fillId: (await packed(id, patient.id, drug)).id })
  for (let n = 0; n < 2; n++) assert.equal((await order(id, patient.id, drug.drugId)).reason, 'REFILL_TOO_EARLY')
  const alerts = await eventually(async () => [await alertsOf(id)].find(({ length }) => length), { what: 'alert' })
  assert.deepEqual(alerts.map(({ kind, reasonCode, severity, open, evidence, knowledgeVersion, message }: Record<string, unknown>) => [kind, reasonCode, severity, open, evidence, knowledgeVersion, message]), [[
    'EARLY_REFILL', 'ER', 'MODERATE', false, 'Pharmacy policy: 80 % of the last supply used', 'pharmacy-early-refill',
    `The next refill is due on ${addDays(clock.today(), 24)} (Pharmacy policy: 80 % of the last supply used)`,
  ]])
})

test('an alert about a controlled drug is answered, and the answer agreed to, only with a second factor not older than five minutes', async () => {
  const [one, two] = [await publishDrug({ genericName: 'meperidine', deaSchedule: 'CII' }), await publishDrug({ genericName: 'phenelzine' })]
  await publishInteraction('meperidine', 'phenelzine', 'CONTRAINDICATED')
  const patient = await registerPatient()
  await verified({ patientId: patient.id, drugId: two.drugId })
  const id = await inReview(patient, one, { refills: 0 })
  const [alert] = await alertsOf(id)
  const stale = (actor: typeof nora) => ({ ...actor, authTime: Math.floor(Date.now() / 1000) - 301 })
  const ask = async (actor: typeof nora, mutation: 'overrideAlert' | 'confirmOverride', input: object) =>
    (await subgraph.data(actor, `mutation ($input: ${mutation === 'overrideAlert' ? 'OverrideAlertInput' : 'ConfirmOverrideInput'}!) { ${mutation}(input: $input) { __typename ... on StepUpRequired { code acrValues maxAgeSeconds } } }`, { input }))[mutation]
  const answer = { ...held(await claimFor(nora, 'VERIFICATION', id)), alertId: alert.id, professionalService: 'M0', result: '1G', text: 'prescriber agrees' }
  const stepUp = { __typename: 'StepUpRequired', code: 'STEP_UP_REQUIRED', acrValues: 'urn:pharmagraph:otp', maxAgeSeconds: 300 }
  assert.deepEqual(await ask(stale(nora), 'overrideAlert', answer), stepUp)
  assert.deepEqual(await ask(nora, 'overrideAlert', answer), { __typename: 'PrescriptionPayload' })
  assert.deepEqual(await ask(stale(ken), 'confirmOverride', { alertId: alert.id }), stepUp)
  assert.deepEqual(await ask({ ...ken, amr: ['pwd'] }, 'confirmOverride', { alertId: alert.id }), stepUp)
  assert.deepEqual(await ask(ken, 'confirmOverride', { alertId: alert.id }), { __typename: 'PrescriptionPayload' })
  assert.equal((await alertsOf(id))[0].open, false)
})

test('C3 of a series in other packages of the same drug, each but the first says its earliest day, and one on hold counts', async () => {
  const patient = await registerPatient()
  const [drug, same] = [await publishDrug({ genericName: 'dexmethylphenidate', deaSchedule: 'CII' }), await publishDrug({ genericName: 'dexmethylphenidate', deaSchedule: 'CII' })]
  const verify = async (about: { drugId: string; daysSupply: number; earliestFillDate?: string }) => {
    const id = await submit({ patientId: patient.id, refills: 0, ...about })
    await untilPrescription(id, 'CLINICAL_REVIEW')
    const claim = held(await claimFor(nora, 'VERIFICATION', id))
    for (const { id: alertId, open } of await alertsOf(id)) if (open) await act(nora, 'overrideAlert', { ...claim, alertId, professionalService: 'R0', result: '1B', text: 'one series' })
    const outcome = await act(nora, 'verifyPrescription', claim)
    if (outcome.__typename === 'TransitionRefused') await act(nora, 'rejectPrescription', { ...claim, reasonCode: 'INVALID_PRESCRIPTION', text: 'not a lawful series' })
    return { id, code: outcome['code'] ?? outcome['prescription'].status }
  }
  const first = await verify({ drugId: drug.drugId, daysSupply: 45 })
  assert.equal(first.code, 'VERIFIED')
  assert.equal((await verify({ drugId: same.drugId, daysSupply: 30 })).code, 'CII_SERIES_WITHOUT_DAY')
  await act(nora, 'holdPrescription', { prescriptionId: first.id, reasonCode: 'HOLD_DATE' })
  assert.equal((await verify({ drugId: same.drugId, daysSupply: 46, earliestFillDate: addDays(clock.today(), 45) })).code, 'CII_SERIES_TOO_LONG')
  assert.equal((await verify({ drugId: same.drugId, daysSupply: 45, earliestFillDate: addDays(clock.today(), 45) })).code, 'VERIFIED')
})

test('C3 S69 two pharmacists who verify for one patient at once do not miss each other: neither a series too long, nor a pair that does harm', async () => {
  for (let round = 0; round < 3; round++) {
    const series = await registerPatient()
    const drug = await publishDrug({ genericName: `amphetamine${round}`, deaSchedule: 'CII' })
    const pair = await registerPatient()
    const [one, two] = [await publishDrug({ genericName: `harmful${round}` }), await publishDrug({ genericName: `harmed${round}` })]
    await publishInteraction(`harmful${round}`, `harmed${round}`, 'MAJOR')
    const atOnce = async (ids: readonly string[]): Promise<string[]> => {
      for (const id of ids) await untilPrescription(id, 'CLINICAL_REVIEW')
      const claims = [held(await claimFor(nora, 'VERIFICATION', ids[0]!)), held(await claimFor(ken, 'VERIFICATION', ids[1]!))]
      const outcomes = await Promise.all([act(nora, 'verifyPrescription', claims[0]!), act(ken, 'verifyPrescription', claims[1]!)])
      return outcomes.map(({ __typename, code }) => code ?? __typename).sort()
    }
    const later = addDays(clock.today(), 60)
    const written = [{ daysSupply: 60 }, { daysSupply: 60, earliestFillDate: later }]
    assert.deepEqual(await atOnce(await Promise.all(written.map((about) => submit({ patientId: series.id, drugId: drug.drugId, refills: 0, ...about })))), ['CII_SERIES_TOO_LONG', 'PrescriptionPayload'])
    assert.deepEqual(await atOnce(await Promise.all([one, two].map(({ drugId }) => submit({ patientId: pair.id, drugId })))), ['PrescriptionPayload', 'REVIEW_INCOMPLETE'])
  }
})
