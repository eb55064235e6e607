import { test } from 'node:test'
import assert from 'node:assert/strict'
import { addDays, clock, newId, systemActor, transact } from '@pharmagraph/platform'
import { eventually } from '../../../tests/environment.ts'
import { act, age, atTheBench, claimFor, elena, fillStatus, grace, held, holdStock, ken, lot, network, nora, order, packed, publishDrug, readyToFill, registerPatient, statusOf, subgraph, tom, untilPrescription, verified, type OrderedFill } from './pharmacy.ts'
import { voidBalances } from '../src/jobs/void-balances.ts'

type Drug = Awaited<ReturnType<typeof publishDrug>>
const row = async (id: string) => (await subgraph.sql<{ status: string; fills_released: number; next_quantity: string | null; supply_until: string | null }>('select status, fills_released, next_quantity, supply_until::text from prescription where id = $1', [id]))[0]!
const left = async (id: string): Promise<number | null> => ((value) => (value === null ? null : Number(value)))((await row(id)).next_quantity)
const balances = (id: string) => subgraph.sql<{ status: string; cause: string; dispensed: number; rule: string; hours: number; status_reason_code: string | null }>(
  `select status, cause, dispensed::float, rule, extract(epoch from deadline - first_at)::float / 3600 as hours, status_reason_code from owed_balance where prescription_id = $1 order by id`, [id])
const sweep = () => transact(subgraph.running.orm, (em) => voidBalances.run(em, systemActor('prescriptions')))

/** Dispenses a part of a fill up to its release, on two lots where it is given them. */
async function releasePart(fill: OrderedFill, drug: Drug, quantity: number, cause: string): Promise<void> {
  const claim = await claimFor(tom, 'FILL', fill.id)
  const part = await act(tom, 'dispensePart', { ...held(claim), quantity, cause })
  assert.equal(part.__typename, 'FillPayload', JSON.stringify(part))
  await finish(fill, drug, claim)
}
async function finish(fill: OrderedFill, drug: Drug, claim: Awaited<ReturnType<typeof claimFor>>): Promise<void> {
  await act(tom, 'scanFill', { ...held(claim), barcode: `${drug.ndc} A123` })
  assert.equal((await act(tom, 'submitFill', held(claim))).__typename, 'FillPayload')
  await act(nora, 'checkFill', held(await claimFor(nora, 'PRODUCT_CHECK', fill.id)))
  const released = await act(ken, 'releaseFill', { fillId: fill.id })
  assert.equal(released['fill']?.status, 'RELEASED', JSON.stringify(released))
}
async function bench(prescriptionId: string, patientId: string, drug: Drug, quantity: number): Promise<OrderedFill> {
  const fill = await order(prescriptionId, patientId, drug.drugId, quantity)
  assert.equal(fill.status, 'SCREENING', fill.reason ?? '')
  await holdStock(fill, drug, [lot(drug, { quantity })])
  await readyToFill(fill.orderId, patientId)
  return fill
}

test('C7 a part of schedule II in short supply leaves, the rest follows within 72 hours, and the one fill is the whole prescription', async () => {
  const patient = await registerPatient()
  const drug = await publishDrug({ genericName: 'oxycodone', deaSchedule: 'CII' })
  const id = await verified({ patientId: patient.id, drugId: drug.drugId, refills: 0 })
  await releasePart(await bench(id, patient.id, drug, 30), drug, 10, 'SHORT_SUPPLY')
  const [balance] = await balances(id)
  assert.deepEqual([balance?.status, balance?.rule, Math.round(balance!.hours), balance?.dispensed, await left(id), await statusOf(id)], ['OWED', 'us-cii-partial-short-supply', 72, 10, 20, 'VERIFIED'])
  const told = (await subgraph.emitted('prescriptions.prescription-status-changed.v1')).filter(({ prescriptionId }) => prescriptionId === id).at(-1)
  assert.deepEqual([told?.quantity, told?.daysSupply, told?.reasonCode], [20, 20, 'PART_SHORT_SUPPLY'])
  const released = (await subgraph.emitted('prescriptions.fill-released.v1')).find(({ prescriptionId }) => prescriptionId === id)
  assert.deepEqual(released?.lots.map(({ quantity }) => quantity), [10])
  // an order for the whole is told how much is owed
  assert.equal((await order(id, patient.id, drug.drugId, 30)).reason, 'QUANTITY_MISMATCH')
  const rest = await bench(id, patient.id, drug, 20)
  await finish(rest, drug, await claimFor(tom, 'FILL', rest.id))
  const state = await row(id)
  assert.deepEqual([(await balances(id))[0]?.status, state.status, state.fills_released, state.next_quantity], ['COMPLETED', 'DEPLETED', 1, null])
})

test('C7 eligibility of what is owed: allowed until the deadline of the part and refused the moment after, though no refill is left', async () => {
  const patient = await registerPatient()
  const drug = await publishDrug({ genericName: 'fentanyl', deaSchedule: 'CII' })
  const id = await verified({ patientId: patient.id, drugId: drug.drugId, refills: 0 })
  await releasePart(await bench(id, patient.id, drug, 30), drug, 10, 'SHORT_SUPPLY')
  const ask = async (at?: string) => (await subgraph.data(patient.actor, 'query ($id: ID!, $at: DateTime) { prescription(id: $id) { eligibility(at: $at) { allowed nextEligibleAt reasons { code rule blocks changesOn message } } } }', { id, at })).prescription.eligibility
  const [{ deadline }] = await subgraph.sql<{ deadline: string }>('select deadline from owed_balance where prescription_id = $1', [id]) as [{ deadline: string }]
  const end = new Date(deadline)
  const now = await ask()
  assert.deepEqual([now.allowed, now.reasons[0].code, now.reasons[0].rule], [true, 'OWED_BALANCE_UNTIL', 'us-cii-partial-short-supply'])
  assert.match(now.reasons[0].message, /^20 units are owed .* \(21 CFR 1306\.13\(a\)\)$/)
  assert.equal((await ask(end.toISOString())).allowed, true)
  const after = await ask(new Date(end.getTime() + 1).toISOString())
  assert.deepEqual([after.allowed, after.nextEligibleAt, after.reasons[0].code], [false, null, 'PARTIAL_FILL_TOO_LATE'])
})

test('S69 who sets a part apart, or has a cabinet count, has filled: somebody else checks, even where a third one submitted', async () => {
  const patient = await registerPatient()
  const drug = await publishDrug({ genericName: 'nortriptyline' })
  const id = await verified({ patientId: patient.id, drugId: drug.drugId, refills: 1 })
  const fill = await bench(id, patient.id, drug, 30)
  const back = (claim: Awaited<ReturnType<typeof claimFor>>, by: typeof nora) => subgraph.data(by, 'mutation ($i: HeldWorkItemInput!) { releaseWorkItem(input: $i) { __typename } }', { i: held(claim) })
  const first = await claimFor(nora, 'FILL', fill.id)
  assert.equal((await act(nora, 'dispensePart', { ...held(first), quantity: 10, cause: 'REQUESTED' })).__typename, 'FillPayload')
  await back(first, nora)
  const second = await claimFor(grace, 'FILL', fill.id)
  const [row_] = await subgraph.sql<{ lots: { lotId: string }[] }>('select lots from fill where id = $1', [fill.id])
  await subgraph.publish('inventory.device-answered.v1', fill.id, {
    jobId: newId(), deviceId: 'cabinet-1', fillId: fill.id, orderLineId: fill.orderLineId, lotId: row_!.lots[0]!.lotId, lotNumber: 'A123', ndc: drug.ndc, quantity: 10, outcome: 'COUNTED', counted: 10, serialNumber: null,
  })
  await eventually(async () => (await subgraph.sql<{ scanned: string }>(`select lots->0->>'scanned' as scanned from fill where id = $1`, [fill.id]))[0]?.scanned === 'true', { what: 'the count' })
  await back(second, grace)
  const third = await claimFor(tom, 'FILL', fill.id)
  assert.equal((await act(tom, 'submitFill', held(third))).__typename, 'FillPayload')
  const [item] = await subgraph.sql<{ id: string; excluded: string[] }>(`select id, excluded from work_item where queue = 'PRODUCT_CHECK' and fill_id = $1`, [fill.id])
  assert.deepEqual([...item!.excluded].sort(), [nora.subject, grace.subject, tom.subject].sort())
  const picked = await subgraph.graph(grace, 'mutation ($id: ID!) { claimWorkItem(input: { workItemId: $id }) { token } }', { id: item!.id })
  assert.equal(picked.errors?.[0]?.extensions['code'], 'SEPARATION_OF_DUTIES')
  assert.equal((await act(ken, 'checkFill', held(await claimFor(ken, 'PRODUCT_CHECK', fill.id))))['fill'].status, 'PACKED')
  assert.equal((await act(nora, 'releaseFill', { fillId: fill.id })).__typename, 'SeparationOfDuties')
  assert.equal((await act(ken, 'releaseFill', { fillId: fill.id }))['fill'].status, 'RELEASED')
})

test('C7 after 72 hours the rest is void, what was under way of it is blocked, and a late release is refused before the clock’s job has come by', async () => {
  const patient = await registerPatient()
  const drug = await publishDrug({ genericName: 'morphine', deaSchedule: 'CII' })
  const id = await verified({ patientId: patient.id, drugId: drug.drugId, refills: 0 })
  await releasePart(await bench(id, patient.id, drug, 30), drug, 10, 'SHORT_SUPPLY')
  const rest = await bench(id, patient.id, drug, 20)
  const claim = await claimFor(tom, 'FILL', rest.id)
  await act(tom, 'scanFill', { ...held(claim), barcode: `${drug.ndc} A123` })
  await act(tom, 'submitFill', held(claim))
  await act(nora, 'checkFill', held(await claimFor(nora, 'PRODUCT_CHECK', rest.id)))
  await age(id, 4)
  const late = await act(ken, 'releaseFill', { fillId: rest.id })
  assert.deepEqual([late.__typename, late['code']], ['TransitionRefused', 'PARTIAL_FILL_TOO_LATE'])
  assert.match(late['message'], /21 CFR 1306\.13\(a\)/)
  await sweep()
  await sweep()
  assert.deepEqual([(await balances(id)).map(({ status, status_reason_code }) => [status, status_reason_code]), await fillStatus(rest.id), await statusOf(id)], [[['VOID', 'PARTIAL_FILL_TOO_LATE']], 'BLOCKED', 'DEPLETED'])
  const events = (await subgraph.emitted('prescriptions.owed-balance-changed.v1')).filter(({ prescriptionId }) => prescriptionId === id).map(({ to, owed }) => [to, owed])
  assert.deepEqual(events, [['OWED', 20], ['VOID', 20]])
  // and its prescriber hears of it
  const [{ id: balanceId }] = await subgraph.sql<{ id: string }>('select id from owed_balance where prescription_id = $1', [id]) as [{ id: string }]
  const xml = await eventually(() => network.messages.find((each) => each.includes(`RXVOID-${balanceId}`)), { what: 'the notice to the prescriber' })
  assert.match(xml, /<PartiallyDispensed><Note>10 units dispensed, the other 20 are void: it was to follow by .* \(21 CFR 1306\.13\(a\)\)\. They take a new prescription\.<\/Note>/)
})

test('C8 C9 a part of schedule II on request runs thirty days from writing, in long-term care sixty, and no cause of our own making counts', async () => {
  const patient = await registerPatient()
  const drug = await publishDrug({ genericName: 'hydromorphone', deaSchedule: 'CII' })
  for (const [cause, days, rule] of [['REQUESTED', 30, 'us-cii-partial-requested'], ['LONG_TERM_CARE_OR_TERMINAL', 60, 'us-cii-partial-ltcf']] as const) {
    const other = cause === 'REQUESTED' ? drug : await publishDrug({ genericName: 'methadone', deaSchedule: 'CII' })
    const id = await verified({ patientId: patient.id, drugId: other.drugId, refills: 0 })
    await releasePart(await bench(id, patient.id, other, 30), other, 12, cause)
    const [balance] = await balances(id)
    const [{ day }] = await subgraph.sql<{ day: string }>('select deadline::text as day from owed_balance where prescription_id = $1', [id]) as [{ day: string }]
    assert.deepEqual([balance?.rule, clock.dayOf(new Date(day))], [rule, addDays(clock.today(), days)])
  }
})

test('C10 parts of schedule IV count as one refill together, are never more than prescribed, and the rest keeps the refills', async () => {
  const patient = await registerPatient()
  const drug = await publishDrug({ genericName: 'lorazepam', deaSchedule: 'CIV' })
  const id = await verified({ patientId: patient.id, drugId: drug.drugId, refills: 1 })
  const fill = await bench(id, patient.id, drug, 30)
  const claim = await claimFor(tom, 'FILL', fill.id)
  for (const quantity of [30, 31, 0, -1, 1.0005]) assert.equal((await act(tom, 'dispensePart', { ...held(claim), quantity, cause: 'REQUESTED' }))['field'], 'quantity', String(quantity))
  await act(tom, 'dispensePart', { ...held(claim), quantity: 10, cause: 'REQUESTED' })
  await finish(fill, drug, claim)
  assert.deepEqual([(await row(id)).fills_released, await left(id)], [1, 20])
  await releasePart(await bench(id, patient.id, drug, 20), drug, 5, 'REQUESTED')
  assert.deepEqual([(await row(id)).fills_released, await left(id)], [1, 15])
  const last = await bench(id, patient.id, drug, 15)
  await finish(last, drug, await claimFor(tom, 'FILL', last.id))
  const state = await row(id)
  assert.deepEqual([state.fills_released, state.next_quantity, state.status, state.supply_until], [1, null, 'VERIFIED', addDays(clock.today(), 30)])
  const { prescription } = await subgraph.data(nora, 'query ($id: ID!) { prescription(id: $id) { refillsRemaining nextQuantity fills { nodes { number quantity partCause } } owedBalances { status cause dispensed prescribed rule { source } history { to } } } }', { id })
  assert.deepEqual([prescription.refillsRemaining, prescription.nextQuantity, new Set(prescription.fills.nodes.map(({ number }: { number: number }) => number)).size], [1, 30, 1])
  assert.deepEqual(prescription.owedBalances, [{ status: 'COMPLETED', cause: 'REQUESTED', dispensed: 30, prescribed: 30, rule: { source: '21 CFR 1306.23' }, history: [{ to: 'OWED' }, { to: 'COMPLETED' }] }])
})

test('a released fill goes back on the shelf while it is in the pharmacy: the refill is given back once, inventory told once, and never after the hand-over', async () => {
  const patient = await registerPatient()
  const drug = await publishDrug({ genericName: 'losartan' })
  const id = await verified({ patientId: patient.id, drugId: drug.drugId, refills: 0 })
  const fill = await packed(id, patient.id, drug)
  assert.equal((await act(nora, 'returnFillToStock', { fillId: fill.id, reasonCode: 'NOT_COLLECTED' })).__typename, 'TransitionRefused')
  await act(ken, 'releaseFill', { fillId: fill.id })
  assert.equal(await statusOf(id), 'DEPLETED')
  assert.equal((await act(tom, 'returnFillToStock', { fillId: fill.id, reasonCode: 'NOT_COLLECTED' }))['code'], 'FORBIDDEN')
  assert.equal((await act(nora, 'returnFillToStock', { fillId: fill.id, reasonCode: 'BECAUSE' }))['field'], 'reasonCode')
  for (const repeat of [1, 2]) assert.equal((await act(nora, 'returnFillToStock', { fillId: fill.id, reasonCode: 'NOT_COLLECTED' }))['fill'].status, 'RETURNED_TO_STOCK', String(repeat))
  assert.deepEqual(await row(id), { status: 'VERIFIED', fills_released: 0, next_quantity: null, supply_until: null })
  const events = (await subgraph.emitted('prescriptions.fill-returned.v1')).filter(({ fillId }) => fillId === fill.id)
  assert.deepEqual(events.map(({ reasonCode, leftControl, lots }) => [reasonCode, leftControl, lots.map(({ quantity }) => quantity)]), [['NOT_COLLECTED', false, [30]]])
  // and it may be dispensed again
  const again = await packed(id, patient.id, drug)
  await act(ken, 'releaseFill', { fillId: again.id })
  await subgraph.publish('logistics.shipment-status-changed.v1', again.orderId, { shipmentId: again.orderId, orderId: again.orderId, patientId: patient.id, from: 'CREATED', to: 'PICKED_UP', reasonCode: null })
  await untilPrescription(id, 'DEPLETED')
  const handed = async () => (await fillStatus(again.id)) === 'HANDED_OVER'
  while (!(await handed())) await new Promise((wait) => setTimeout(wait, 25))
  assert.equal((await act(nora, 'returnFillToStock', { fillId: again.id, reasonCode: 'NOT_COLLECTED' })).__typename, 'TransitionRefused')
})

test('a part that goes back on the shelf is owed again, and the only part takes the refill back with it', async () => {
  const patient = await registerPatient()
  const drug = await publishDrug({ genericName: 'gabapentin' })
  const id = await verified({ patientId: patient.id, drugId: drug.drugId, refills: 0 })
  const first = await bench(id, patient.id, drug, 30)
  await releasePart(first, drug, 10, 'REQUESTED')
  const rest = await bench(id, patient.id, drug, 20)
  await finish(rest, drug, await claimFor(tom, 'FILL', rest.id))
  assert.equal(await statusOf(id), 'DEPLETED')
  await act(nora, 'returnFillToStock', { fillId: rest.id, reasonCode: 'NOT_COLLECTED' })
  const reopened = await row(id)
  assert.deepEqual([reopened.status, reopened.fills_released, await left(id), (await balances(id))[0]?.status], ['VERIFIED', 1, 20, 'OWED'])
  await act(nora, 'returnFillToStock', { fillId: first.id, reasonCode: 'NOT_COLLECTED' })
  const state = await row(id)
  assert.deepEqual([state.fills_released, state.next_quantity, (await balances(id))[0]?.status_reason_code], [0, null, 'RETURNED_TO_STOCK'])
})

test('DAW: an equivalent product takes the place of the written one where prescriber and FDA rating permit, and the order is for it', async () => {
  const patient = await registerPatient()
  const ingredients = [{ rxcui: null, name: 'atorvastatin', strength: '20 mg' }]
  const brand = await publishDrug({ genericName: 'atorvastatin', name: 'Lipitor', ingredients, therapeuticEquivalence: null })
  const generic = await publishDrug({ genericName: 'atorvastatin', ingredients, therapeuticEquivalence: 'AB' })
  const unrated = await publishDrug({ genericName: 'atorvastatin', ingredients, therapeuticEquivalence: 'BX' })
  const stronger = await publishDrug({ genericName: 'atorvastatin', ingredients: [{ rxcui: null, name: 'atorvastatin', strength: '40 mg' }], therapeuticEquivalence: 'AB' })
  const strict = await verified({ patientId: (await registerPatient()).id, drugId: brand.drugId, daw: 1 })
  const refused = await act(nora, 'substituteDrug', { prescriptionId: strict, drugId: generic.drugId, daw: 0 })
  assert.deepEqual([refused['code'], /408-D8 1/.test(refused['message'])], ['SUBSTITUTION_NOT_PERMITTED', true])
  const id = await verified({ patientId: patient.id, drugId: brand.drugId })
  for (const other of [unrated, stronger]) assert.equal((await act(nora, 'substituteDrug', { prescriptionId: id, drugId: other.drugId, daw: 0 }))['code'], 'SUBSTITUTION_NOT_PERMITTED')
  for (const daw of [1, 7, 10, -1]) assert.equal((await act(nora, 'substituteDrug', { prescriptionId: id, drugId: generic.drugId, daw }))['field'], 'daw')
  assert.equal((await act(tom, 'substituteDrug', { prescriptionId: id, drugId: generic.drugId, daw: 0 }))['code'], 'FORBIDDEN')
  assert.equal((await act(nora, 'substituteDrug', { prescriptionId: id, drugId: generic.drugId, daw: 0 })).__typename, 'PrescriptionPayload')
  assert.equal((await subgraph.emitted('prescriptions.prescription-status-changed.v1')).at(-1)?.drugId, generic.drugId)
  assert.equal((await order(id, patient.id, brand.drugId)).reason, 'DRUG_MISMATCH')
  const fill = await packed(id, patient.id, generic)
  assert.equal((await act(ken, 'releaseFill', { fillId: fill.id }))['fill'].status, 'RELEASED')
  const [record] = await subgraph.sql<{ record: string }>('select record from dispense_record where fill_id = $1', [fill.id])
  assert.deepEqual([JSON.parse(record!.record).drugId, JSON.parse(record!.record).daw], [generic.drugId, 0])
  const { prescription } = await subgraph.data(elena, 'query ($id: ID!) { prescription(id: $id) { drug { id } dispensedDrug { id } } }', { id })
  assert.deepEqual(prescription, { drug: { id: brand.drugId }, dispensedDrug: { id: generic.drugId } })
})

test('a pharmacist lets one refill come early with a coded reason, and only the next one', async () => {
  const patient = await registerPatient()
  const drug = await publishDrug({ genericName: 'amlodipine' })
  const id = await verified({ patientId: patient.id, drugId: drug.drugId, refills: 3 })
  assert.equal((await act(nora, 'allowEarlyRefill', { prescriptionId: id, reasonCode: 'VACATION_SUPPLY' }))['code'], 'NOT_TOO_EARLY')
  await act(ken, 'releaseFill', { fillId: (await packed(id, patient.id, drug)).id })
  assert.equal((await order(id, patient.id, drug.drugId)).reason, 'REFILL_TOO_EARLY')
  assert.equal((await act(nora, 'allowEarlyRefill', { prescriptionId: id, reasonCode: 'PLEASE' }))['field'], 'reasonCode')
  assert.equal((await act(tom, 'allowEarlyRefill', { prescriptionId: id, reasonCode: 'VACATION_SUPPLY' }))['code'], 'FORBIDDEN')
  assert.equal((await act(nora, 'allowEarlyRefill', { prescriptionId: id, reasonCode: 'VACATION_SUPPLY' })).__typename, 'PrescriptionPayload')
  const early = await packed(id, patient.id, drug)
  await act(ken, 'releaseFill', { fillId: early.id })
  assert.equal((await order(id, patient.id, drug.drugId)).reason, 'REFILL_TOO_EARLY')
  const { prescription } = await subgraph.data(nora, 'query ($id: ID!) { prescription(id: $id) { history { verb reason actorRole } } }', { id })
  assert.deepEqual(prescription.history.filter(({ verb }: { verb: string }) => verb === 'allowEarlyRefill'), [{ verb: 'allowEarlyRefill', reason: 'VACATION_SUPPLY', actorRole: 'pharmacist' }])
})

test('an amendment is a new version with what is left of the refills, a review of its own by somebody else, and the end of the old one and its fill', async () => {
  const patient = await registerPatient()
  const drug = await publishDrug({ genericName: 'metoprolol' })
  const id = await verified({ patientId: patient.id, drugId: drug.drugId, refills: 3, sig: 'Take 1 tablet daily.' })
  await act(ken, 'releaseFill', { fillId: (await packed(id, patient.id, drug)).id })
  await age(id, 26)
  const underWay = await atTheBench(id, patient.id, drug)
  const amend = (actor: typeof nora, input: object) => act(actor, 'amendPrescription', { prescriptionId: id, ...input })
  assert.equal((await amend(nora, { sig: 'Take 2 tablets daily.' }))['field'], 'agreement')
  assert.equal((await amend(nora, { sig: 'Take 1 tablet daily.', agreement: 'Telephone, Dr. Petrova, 10:40' }))['field'], 'prescriptionId')
  const amended = await amend(nora, { sig: 'Take 2 tablets daily.', quantity: 60, agreement: 'Telephone, Dr. Petrova, 10:40' })
  assert.equal(amended.__typename, 'PrescriptionPayload', JSON.stringify(amended))
  const next: string = amended['prescription'].id
  assert.deepEqual([await statusOf(id), await fillStatus(underWay.id)], ['DISCONTINUED', 'BLOCKED'])
  assert.equal((await amend(nora, { sig: 'Take 3 tablets daily.', agreement: 'Telephone, Dr. Petrova, 10:41' })).__typename, 'TransitionRefused')
  await untilPrescription(next, 'CLINICAL_REVIEW')
  const claim = await claimFor(ken, 'VERIFICATION', next)
  const [{ excluded }] = await subgraph.sql<{ excluded: string[] }>('select excluded from work_item where id = $1', [claim.item.id]) as [{ excluded: string[] }]
  assert.deepEqual(excluded, [nora.subject])
  assert.equal((await act(ken, 'verifyPrescription', held(claim)))['prescription']?.status, 'VERIFIED')
  const { prescription } = await subgraph.data(elena, 'query ($id: ID!) { prescription(id: $id) { sig quantity refillsAuthorized refillsRemaining issueDate prior { id status statusReason { code } sig replacedBy { id } } } }', { id: next })
  assert.deepEqual(prescription, {
    sig: 'Take 2 tablets daily.', quantity: 60, refillsAuthorized: 2, refillsRemaining: 2, issueDate: clock.today(),
    prior: { id, status: 'DISCONTINUED', statusReason: { code: 'SUPERSEDED' }, sig: 'Take 1 tablet daily.', replacedBy: [{ id: next }] },
  })
  // what was dispensed under the old version counts for the day of the next refill
  await subgraph.sql(`update fill set released_at = now() where prescription_id = $1 and released_at is not null`, [id])
  assert.equal((await order(next, patient.id, drug.drugId, 60)).reason, 'REFILL_TOO_EARLY')
})

test('its prescriber amends a prescription, another one finds none, and a controlled one asks for the second factor', async () => {
  const patient = await registerPatient()
  const drug = await publishDrug({ genericName: 'diazepam', deaSchedule: 'CIV' })
  const id = await verified({ patientId: patient.id, drugId: drug.drugId, refills: 1 })
  const stale = { ...elena, authTime: Math.floor(Date.now() / 1000) - 600 }
  assert.equal((await act(stale, 'amendPrescription', { prescriptionId: id, sig: 'Take half a tablet.' })).__typename, 'StepUpRequired')
  assert.equal((await act({ ...elena, practitionerId: patient.id }, 'amendPrescription', { prescriptionId: id, sig: 'Take half a tablet.' }))['code'], 'NOT_FOUND')
  const amended = await act(elena, 'amendPrescription', { prescriptionId: id, sig: 'Take half a tablet.' })
  assert.equal(amended.__typename, 'PrescriptionPayload', JSON.stringify(amended))
})

test('C11 what is owed of a part is void with the prescription it belongs to: taken back, transferred or rejected', async () => {
  const patient = await registerPatient()
  const owing = async (genericName: string) => {
    const drug = await publishDrug({ genericName, deaSchedule: 'CIV' })
    const id = await verified({ patientId: patient.id, drugId: drug.drugId, refills: 2 })
    await releasePart(await bench(id, patient.id, drug, 30), drug, 10, 'REQUESTED')
    assert.equal((await balances(id))[0]?.status, 'OWED')
    return id
  }
  const after = async (id: string) => (await balances(id)).map(({ status, status_reason_code }) => [status, status_reason_code])
  const taken = await owing('temazepam')
  await subgraph.data(elena, 'mutation ($i: CancelPrescriptionInput!) { cancelPrescription(input: $i) { __typename } }', { i: { prescriptionId: taken, reasonCode: 'THERAPY_CHANGED' } })
  assert.deepEqual([await statusOf(taken), await after(taken)], ['DISCONTINUED', [['VOID', 'THERAPY_CHANGED']]])
  const moved = await owing('triazolam')
  await subgraph.data(nora, 'mutation ($i: TransferPrescriptionInput!) { transferPrescription(input: $i) { __typename } }', { i: { prescriptionId: moved, pharmacyName: 'Corner Pharmacy', pharmacistName: 'Iris Blum', pharmacyDea: 'FP9902013', askedByPatient: true } })
  assert.deepEqual([await statusOf(moved), await after(moved)], ['TRANSFERRED_OUT', [['VOID', 'TRANSFERRED_OUT']]])
})

test('every decision of these prescriptions, fills and parts carries a machine-readable reason', async () => {
  const decisions = [
    'approve', 'wait', 'askPrescriber', 'decline', 'renew', 'block', 'cancel', 'reject', 'hold', 'resume', 'discontinue', 'supersede', 'transferOut', 'substitute', 'allowEarlyRefill', 'owe', 'settle', 'void',
    'expire', 'deplete', 'reopen', 'markDuplicate', 'askForData', 'requestClarification', 'answerClarification', 'verifyAgain', 'returnToStock', 'replaceLots', 'loseLots', 'withdraw', 'escalate', 'expireLease',
  ]
  assert.deepEqual(await subgraph.sql(`select distinct machine, verb from transition where verb = any($1) and (reason is null or reason !~ '^[A-Z][A-Z0-9_]*$')`, [decisions]), [])
  const [met] = await subgraph.sql<{ verbs: number }>('select count(distinct verb)::int as verbs from transition where verb = any($1)', [decisions])
  assert.ok(met!.verbs >= 10, `only ${met!.verbs} kinds of decisions were met`)
})
