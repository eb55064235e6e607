import { test } from 'node:test'
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { addDays, clock, newId, systemActor, transact } from '@pharmagraph/platform'
import { gtinOfNdc } from '@pharmagraph/schema/identifiers'
import { actorWith, eventually } from '../../../tests/environment.ts'
import { expirePrescriptions } from '../src/jobs/expire-prescriptions.ts'
import {
  act, age, atTheBench, claimFor, claimNext, elena, fillStatus, grace, held, holdStock, itemOf, ken, lot, nora, order, packed, publishDrug, readyToFill, registerPatient, statusOf, stranger,
  subgraph, submit, tom, untilFill, untilPrescription, verified,
} from './pharmacy.ts'

test('S16 S59 a prescription goes from the prescriber through review, bench and check to release, and its refill is counted', async () => {
  const patient = await registerPatient()
  const drug = await publishDrug({ genericName: 'lisinopril' })
  const id = await submit({ patientId: patient.id, drugId: drug.drugId })
  await untilPrescription(id, 'CLINICAL_REVIEW')

  const review = await claimFor(nora, 'VERIFICATION', id)
  assert.equal((await act(nora, 'verifyPrescription', held(review)))['prescription'].status, 'VERIFIED')

  const ordered = await order(id, patient.id, drug.drugId)
  assert.equal(ordered.status, 'SCREENING')
  const [accepted] = (await subgraph.emitted('prescriptions.fill-accepted.v1')).filter(({ fillId }) => fillId === ordered.id)
  assert.equal(accepted?.orderLineId, ordered.orderLineId)
  await holdStock(ordered, drug)
  await untilFill(ordered.id, 'RESERVED')
  await readyToFill(ordered.orderId, patient.id)

  await itemOf('FILL', ordered.id)
  const bench = await claimFor(tom, 'FILL', ordered.id)
  assert.equal(bench.item.fill?.status, 'FILLING')
  assert.equal((await act(tom, 'scanFill', { ...held(bench), barcode: `${drug.ndc} A123` }))['fill'].lots[0].scanned, true)
  assert.equal((await act(tom, 'submitFill', held(bench)))['fill'].status, 'PRODUCT_CHECK')
  assert.equal((await act(ken, 'checkFill', held(await claimFor(ken, 'PRODUCT_CHECK', ordered.id))))['fill'].status, 'PACKED')
  assert.equal((await act(ken, 'releaseFill', { fillId: ordered.id }))['fill'].status, 'RELEASED')

  const { prescription } = await subgraph.data(patient.actor, 'query ($id: ID!) { prescription(id: $id) { number sig drugText refillsRemaining status fills { nodes { number status lots { lotNumber } history { from to verb actorRole } } } history { to verb actorRole } verification { by { id } } } }', { id })
  assert.match(prescription.number, /^RX\d{7}$/)
  assert.equal(prescription.refillsRemaining, 2)
  assert.equal(prescription.verification.by.id, nora.pharmacistId)
  assert.deepEqual(prescription.fills.nodes[0].history.map(({ to }: { to: string }) => to), ['REQUESTED', 'SCREENING', 'RESERVED', 'FILLING', 'PRODUCT_CHECK', 'PACKED', 'RELEASED'])
  assert.deepEqual(prescription.history.map(({ to }: { to: string }) => to), ['RECEIVED', 'CLINICAL_REVIEW', 'VERIFIED'])

  const released = (await subgraph.emitted('prescriptions.fill-released.v1')).find(({ fillId }) => fillId === ordered.id)
  assert.equal(released?.lots[0]?.lotNumber, 'A123')
  await subgraph.publish('logistics.shipment-status-changed.v1', ordered.orderId, { shipmentId: ordered.orderId, orderId: ordered.orderId, patientId: patient.id, from: 'ASSIGNED', to: 'PICKED_UP', reasonCode: null })
  await untilFill(ordered.id, 'HANDED_OVER')
  await subgraph.publish('logistics.shipment-status-changed.v1', ordered.orderId, { shipmentId: ordered.orderId, orderId: ordered.orderId, patientId: patient.id, from: 'OUT_FOR_DELIVERY', to: 'DELIVERED', reasonCode: null })
  await untilFill(ordered.id, 'COMPLETED')
})

test('a prescription without refills is depleted by its release', async () => {
  const patient = await registerPatient()
  const drug = await publishDrug({ genericName: 'amoxicillin' })
  const id = await verified({ patientId: patient.id, drugId: drug.drugId, refills: 0 })
  const fill = await packed(id, patient.id, drug)
  await act(ken, 'releaseFill', { fillId: fill.id })
  assert.equal(await fillStatus(fill.id), 'RELEASED')
  assert.equal(await statusOf(id), 'DEPLETED')
})

test('a stranger, another prescriber and an unknown id all read as nothing', async () => {
  const patient = await registerPatient()
  const drug = await publishDrug({ genericName: 'metformin' })
  const id = await submit({ patientId: patient.id, drugId: drug.drugId })
  const see = async (actor: typeof stranger, prescription = id) => (await subgraph.data(actor, 'query ($id: ID!) { prescription(id: $id) { id } }', { id: prescription })).prescription
  assert.equal(await see(stranger), null)
  assert.equal(await see({ ...elena, practitionerId: stranger.patientId! }), null)
  assert.equal(await see(nora, 'no-such-id'), null)
  for (const actor of [patient.actor, elena, nora]) assert.equal((await see(actor)).id, id)
  const references = async (actor: typeof stranger) =>
    (await subgraph.data(actor, 'query ($r: [_Any!]!) { _entities(representations: $r) { ... on Prescription { id } } }', { r: [{ __typename: 'Prescription', id }] }))._entities
  assert.deepEqual(await references(stranger), [null])
  assert.deepEqual(await references(patient.actor), [{ id }])
  await eventually(async () => (await statusOf(id)) === 'CLINICAL_REVIEW')
})

test('a fill that may not go ahead says why, by which rule, and when it may', async () => {
  const patient = await registerPatient()
  const [drug, other] = [await publishDrug({ genericName: 'atorvastatin' }), await publishDrug({ genericName: 'glipizide' })]
  const id = await verified({ patientId: patient.id, drugId: drug.drugId, refills: 1 })
  const reviewing = await submit({ patientId: patient.id, drugId: other.drugId })
  const blocked = async (...args: Parameters<typeof order>): Promise<string> => {
    const fill = await order(...args)
    const [event] = (await subgraph.emitted('prescriptions.fill-blocked.v1')).filter(({ fillId }) => fillId === fill.id)
    assert.deepEqual([fill.status, event?.reasonCode], ['BLOCKED', fill.reason])
    assert.ok((event?.message ?? '').length > 10)
    return fill.reason ?? ''
  }
  assert.equal(await blocked(reviewing, patient.id, other.drugId), 'NOT_VERIFIED')
  assert.equal(await blocked(id, patient.id, other.drugId), 'DRUG_MISMATCH')
  assert.equal(await blocked(id, patient.id, drug.drugId, 60), 'QUANTITY_MISMATCH')
  const first = await packed(id, patient.id, drug)
  assert.equal(await blocked(id, patient.id, drug.drugId), 'FILL_UNDER_WAY')
  await act(ken, 'releaseFill', { fillId: first.id })

  const early = await order(id, patient.id, drug.drugId)
  assert.deepEqual([early.reason, early.next_eligible_at], ['REFILL_TOO_EARLY', addDays(clock.today(), 24)])
  const { fill } = await subgraph.data(patient.actor, 'query ($id: ID!) { fill(id: $id) { number statusReason { code message } allowedActions } }', { id: early.id })
  assert.match(fill.statusReason.message, /due on .*80 %/)
  assert.deepEqual(fill.allowedActions, [])

  // 24 days later the refill is due; after it none is left
  await subgraph.sql(`update fill set released_at = released_at - interval '24 days' where id = $1`, [first.id])
  const second = await packed(id, patient.id, drug)
  assert.equal((await act(ken, 'releaseFill', { fillId: second.id }))['fill'].number, 1)
  assert.equal(await statusOf(id), 'DEPLETED')
  assert.equal(await blocked(id, patient.id, drug.drugId), 'NO_REFILLS_LEFT')
})

test('an order for somebody else’s prescription, or one that never was, is blocked and leaves no fill', async () => {
  const patient = await registerPatient()
  const drug = await publishDrug({ genericName: 'cetirizine' })
  const id = await verified({ patientId: patient.id, drugId: drug.drugId })
  for (const prescriptionId of [id, newId()]) {
    const [orderId, orderLineId] = [newId(), newId()]
    await subgraph.publish('orders.order-placed.v1', orderId, { orderId, patientId: stranger.patientId!, addressId: newId(), totalMinor: 1, currency: 'USD', lines: [{ orderLineId, drugId: drug.drugId, prescriptionId, quantity: 30 }] })
    const event = await eventually(async () => (await subgraph.emitted('prescriptions.fill-blocked.v1')).find((blocked) => blocked.orderLineId === orderLineId))
    assert.equal(event.reasonCode, 'NOT_FOUND')
    assert.equal((await subgraph.sql('select 1 from fill where order_line_id = $1', [orderLineId])).length, 0)
  }
})

test('S50 nothing is dispensed without the patient’s consent, and a consent withdrawn late does not win over a newer one', async () => {
  const patient = await registerPatient({}, { consent: false })
  const drug = await publishDrug({ genericName: 'sertraline' })
  const id = await verified({ patientId: patient.id, drugId: drug.drugId })
  assert.equal((await order(id, patient.id, drug.drugId)).reason, 'CONSENT_MISSING')
  const consent = (granted: boolean, version: number) => subgraph.publish('patients.consent-changed.v1', patient.id, { patientId: patient.id, purpose: 'DISPENSING', granted, policyVersion: '1', version })
  await consent(true, 3)
  await consent(false, 2)
  await consent(true, 4)
  await eventually(async () => (await subgraph.sql('select 1 from patient_fact where patient_id = $1 and consent_version = 4', [patient.id])).length === 1)
  assert.equal((await order(id, patient.id, drug.drugId)).status, 'SCREENING')
})

test('S50 a consent taken back while the fill is under way stops it before it leaves, and given anew lets it go', async () => {
  const patient = await registerPatient()
  const drug = await publishDrug({ genericName: 'citalopram' })
  const fill = await packed(await verified({ patientId: patient.id, drugId: drug.drugId }), patient.id, drug)
  const consent = async (granted: boolean, version: number) => {
    await subgraph.publish('patients.consent-changed.v1', patient.id, { patientId: patient.id, purpose: 'DISPENSING', granted, policyVersion: '1', version })
    await eventually(async () => (await subgraph.sql('select 1 from patient_fact where patient_id = $1 and consent_version = $2', [patient.id, version])).length === 1)
  }
  await consent(false, 2)
  const refused = await act(ken, 'releaseFill', { fillId: fill.id })
  assert.deepEqual([refused.__typename, refused['code'], await fillStatus(fill.id)], ['TransitionRefused', 'CONSENT_MISSING', 'PACKED'])
  await consent(true, 3)
  assert.equal((await act(ken, 'releaseFill', { fillId: fill.id }))['fill']?.status, 'RELEASED')
})

test('two orders for the last refill at the same moment: one is accepted', async () => {
  const patient = await registerPatient()
  const drug = await publishDrug({ genericName: 'cephalexin' })
  const id = await verified({ patientId: patient.id, drugId: drug.drugId, refills: 0 })
  const fills = await Promise.all([order(id, patient.id, drug.drugId), order(id, patient.id, drug.drugId), order(id, patient.id, drug.drugId)])
  assert.deepEqual(fills.map(({ status }) => status).sort(), ['BLOCKED', 'BLOCKED', 'SCREENING'])
})

test('an order heard of twice makes one fill and gets the same answer, and its later steps told twice or too early change nothing or wait', async () => {
  const patient = await registerPatient()
  const drug = await publishDrug({ genericName: 'amlodipine' })
  const id = await verified({ patientId: patient.id, drugId: drug.drugId })
  const [orderId, orderLineId] = [newId(), newId()]
  const placed = { orderId, patientId: patient.id, addressId: newId(), totalMinor: 1, currency: 'USD', lines: [{ orderLineId, drugId: drug.drugId, prescriptionId: id, quantity: 30 }, { orderLineId: newId(), drugId: drug.drugId, prescriptionId: null, quantity: 1 }] }
  const event = await subgraph.publish('orders.order-placed.v1', orderId, placed)
  const fill = await eventually(async () => (await subgraph.sql<{ id: string }>('select id from fill where order_line_id = $1', [orderLineId]))[0])
  await subgraph.republish('orders.order-placed.v1', orderId, placed, event)
  await subgraph.publish('orders.order-placed.v1', orderId, placed)
  // ready before the lots are known here: it waits for them
  await readyToFill(orderId, patient.id)
  await holdStock({ orderId, orderLineId, id: fill.id, status: '', reason: null, next_eligible_at: null }, drug)
  const item = await itemOf('FILL', fill.id)
  await readyToFill(orderId, patient.id)
  const marker = await registerPatient()
  assert.ok(marker.id)
  assert.equal((await subgraph.sql('select 1 from fill where order_id = $1', [orderId])).length, 1)
  assert.deepEqual((await subgraph.sql<{ id: string }>('select id from work_item where fill_id = $1', [fill.id])).map((row) => row.id), [item])
  // an order that is driven anew asks under another event id and gets its answer again; the same event gets none
  assert.equal((await subgraph.emitted('prescriptions.fill-accepted.v1')).filter(({ fillId }) => fillId === fill.id).length, 2)
})

test('a cancelled order ends its fill wherever it is, takes the work back, and a cancellation that comes first prevents it', async () => {
  const patient = await registerPatient()
  const drug = await publishDrug({ genericName: 'losartan' })
  const id = await verified({ patientId: patient.id, drugId: drug.drugId })
  const cancel = (orderId: string) => subgraph.publish('orders.order-cancelled.v1', orderId, { orderId, patientId: patient.id, reasonCode: 'CUSTOMER' })
  const fill = await atTheBench(id, patient.id, drug)
  const claim = await claimFor(tom, 'FILL', fill.id)
  await cancel(fill.orderId)
  await untilFill(fill.id, 'CANCELLED')
  assert.equal((await act(tom, 'scanFill', { ...held(claim), barcode: `${drug.ndc} A123` })).__typename, 'LeaseLost')

  const orderId = newId()
  await cancel(orderId)
  await eventually(async () => (await subgraph.sql('select 1 from cancelled_order where order_id = $1', [orderId])).length === 1)
  await subgraph.publish('orders.order-placed.v1', orderId, { orderId, patientId: patient.id, addressId: newId(), totalMinor: 1, currency: 'USD', lines: [{ orderLineId: newId(), drugId: drug.drugId, prescriptionId: id, quantity: 30 }] })

  // released in the very moment the order is cancelled: back on the shelf, the refill given back
  const released = await packed(id, patient.id, drug)
  await act(ken, 'releaseFill', { fillId: released.id })
  await cancel(released.orderId)
  await untilFill(released.id, 'RETURNED_TO_STOCK')
  const { prescription } = await subgraph.data(nora, 'query ($id: ID!) { prescription(id: $id) { refillsRemaining status } }', { id })
  assert.deepEqual(prescription, { refillsRemaining: 2, status: 'VERIFIED' })
  assert.equal((await order(id, patient.id, drug.drugId)).status, 'SCREENING')
  assert.equal((await subgraph.sql('select 1 from fill where order_id = $1', [orderId])).length, 0)
})

test('only packages held for the fill pass the scan: by DataMatrix or by NDC in any form and lot', async () => {
  const patient = await registerPatient()
  const drug = await publishDrug({ genericName: 'metoprolol' })
  const other = await publishDrug({ genericName: 'carvedilol' })
  const id = await verified({ patientId: patient.id, drugId: drug.drugId })
  const ordered = await order(id, patient.id, drug.drugId)
  const [fresh, fine] = [lot(drug, { lotNumber: 'B2', quantity: 10 }), lot(drug, { lotNumber: 'C 3', quantity: 20, ndc: drug.ndc11 })]
  await holdStock(ordered, drug, [fresh, fine])
  await readyToFill(ordered.orderId, patient.id)
  const claim = await claimFor(tom, 'FILL', ordered.id)
  const scan = (barcode: string) => act(tom, 'scanFill', { ...held(claim), barcode })
  const yymmdd = fresh.expiryDate.slice(2).replaceAll('-', '')
  const wrong = await scan(`(01)${gtinOfNdc(other.ndc)}(17)${yymmdd}(10)B2`)
  assert.deepEqual([wrong.__typename, wrong['expected'].length, wrong['code']], ['WrongProduct', 2, 'WRONG_PRODUCT'])
  for (const barcode of [`${drug.ndc} B3`, `${other.ndc} B2`, `(01)${gtinOfNdc(drug.ndc)}(17)300101(10)B2`]) assert.equal((await scan(barcode)).__typename, 'WrongProduct', barcode)
  for (const barcode of ['', 'hello', drug.ndc, '(01)00305910369018(10)B2']) assert.equal((await scan(barcode))['field'], 'barcode', barcode)
  assert.deepEqual([(await act(tom, 'submitFill', held(claim)))['code']], ['SCAN_INCOMPLETE'])
  assert.equal((await scan(`]d201${gtinOfNdc(drug.ndc)}17${yymmdd}10B2\u001d21SERIAL9`))['fill'].lots.filter(({ scanned }: { scanned: boolean }) => scanned).length, 1)
  assert.equal((await act(tom, 'submitFill', held(claim)))['code'], 'SCAN_INCOMPLETE')
  assert.equal((await scan(`0${drug.ndc11} C 3`))['fill'].lots.every(({ scanned }: { scanned: boolean }) => scanned), true)
  assert.equal((await act(tom, 'submitFill', held(claim)))['fill'].status, 'PRODUCT_CHECK')
})

test('a lot that expired on the bench is refused at the scan and at the release', async () => {
  const patient = await registerPatient()
  const drug = await publishDrug({ genericName: 'prednisone' })
  const id = await verified({ patientId: patient.id, drugId: drug.drugId })
  const expire = (fillId: string, day: string) => subgraph.sql(`update fill set lots = jsonb_set(lots, '{0,expiryDate}', to_jsonb($2::text)) where id = $1`, [fillId, day])
  const fill = await atTheBench(id, patient.id, drug)
  const claim = await claimFor(tom, 'FILL', fill.id)
  await expire(fill.id, addDays(clock.today(), -1))
  assert.equal((await act(tom, 'scanFill', { ...held(claim), barcode: `${drug.ndc} A123` }))['code'], 'LOT_EXPIRED')
  await expire(fill.id, clock.today())
  await act(tom, 'scanFill', { ...held(claim), barcode: `${drug.ndc} A123` })
  await act(tom, 'submitFill', held(claim))
  await act(ken, 'checkFill', held(await claimFor(ken, 'PRODUCT_CHECK', fill.id)))
  await expire(fill.id, addDays(clock.today(), -1))
  assert.equal((await act(ken, 'releaseFill', { fillId: fill.id }))['code'], 'LOT_EXPIRED')
})

test('S69 who filled neither checks nor releases', async () => {
  const patient = await registerPatient()
  const drug = await publishDrug({ genericName: 'gabapentin' })
  const id = await verified({ patientId: patient.id, drugId: drug.drugId })
  const fill = await atTheBench(id, patient.id, drug)
  const claim = await claimFor(nora, 'FILL', fill.id)
  await act(nora, 'scanFill', { ...held(claim), barcode: `${drug.ndc} A123` })
  await act(nora, 'submitFill', held(claim))
  const item = await itemOf('PRODUCT_CHECK', fill.id)
  assert.notEqual((await claimNext(nora, 'PRODUCT_CHECK'))?.item.id, item)
  assert.equal((await act(ken, 'checkFill', held(await claimFor(ken, 'PRODUCT_CHECK', fill.id))))['fill'].status, 'PACKED')
  assert.equal((await act(nora, 'releaseFill', { fillId: fill.id })).__typename, 'SeparationOfDuties')
  assert.equal((await act(tom, 'releaseFill', { fillId: fill.id })).code, 'FORBIDDEN')
  assert.equal((await act(ken, 'releaseFill', { fillId: newId() })).code, 'NOT_FOUND')
  assert.equal((await act(ken, 'releaseFill', { fillId: fill.id }))['fill'].status, 'RELEASED')
})

test('S54 a controlled substance passes check and release only with a second factor not older than five minutes', async () => {
  const patient = await registerPatient()
  const drug = await publishDrug({ genericName: 'alprazolam', deaSchedule: 'CIV' })
  const id = await verified({ patientId: patient.id, drugId: drug.drugId })
  const fill = await atTheBench(id, patient.id, drug)
  const bench = await claimFor(tom, 'FILL', fill.id)
  await act(tom, 'scanFill', { ...held(bench), barcode: `${drug.ndc} A123` })
  await act(tom, 'submitFill', held(bench))
  const check = held(await claimFor(ken, 'PRODUCT_CHECK', fill.id))
  const now = Math.floor(Date.now() / 1000)
  for (const stale of [{ ...ken, amr: ['pwd'], authTime: now }, { ...ken, authTime: now - 301 }]) {
    for (const outcome of [await act(stale, 'checkFill', check)]) assert.deepEqual([outcome.__typename, outcome['acrValues'], outcome['maxAgeSeconds']], ['StepUpRequired', 'urn:pharmagraph:otp', 300])
  }
  const fresh = { ...ken, authTime: now }
  assert.equal((await act(fresh, 'checkFill', check))['fill'].status, 'PACKED')
  assert.equal((await act({ ...ken, authTime: now - 301 }, 'releaseFill', { fillId: fill.id })).__typename, 'StepUpRequired')
  assert.equal((await act(fresh, 'releaseFill', { fillId: fill.id }))['fill'].status, 'RELEASED')
})

test('C6 S55 a release is written down for good: its hash is that of the record, which no statement can change', async () => {
  const patient = await registerPatient()
  const drug = await publishDrug({ genericName: 'warfarin' })
  const id = await verified({ patientId: patient.id, drugId: drug.drugId })
  const fill = await packed(id, patient.id, drug)
  await act(ken, 'releaseFill', { fillId: fill.id })
  const [row] = await subgraph.sql<{ record: string; hash: string }>('select record, hash from dispense_record where fill_id = $1', [fill.id])
  assert.equal(createHash('sha256').update(row!.record).digest('hex'), row!.hash)
  const record = JSON.parse(row!.record)
  assert.deepEqual([record.filledBy, record.checkedBy, record.releasedBy, record.lots[0].lotNumber, record.quantity, record.fillNumber], [tom.subject, nora.subject, ken.subject, 'A123', 30, 0])
  const [event] = (await subgraph.emitted('prescriptions.fill-released.v1')).filter(({ fillId }) => fillId === fill.id)
  assert.equal(event?.recordHash, row!.hash)
  for (const sql of [`update dispense_record set hash = 'x'`, 'delete from dispense_record', 'truncate dispense_record']) await assert.rejects(subgraph.sql(sql), /append-only/)
})

test('C6 what was dispensed is found by the prescription’s number and by drug and days, with who did what, the refills left, and whether the record is still the one written', async () => {
  const patient = await registerPatient()
  const drug = await publishDrug({ genericName: 'zaleplon', deaSchedule: 'CIV' })
  const id = await verified({ patientId: patient.id, drugId: drug.drugId, refills: 1 })
  const fill = await packed(id, patient.id, drug)
  await act(ken, 'releaseFill', { fillId: fill.id })
  const trail = 'query ($number: String, $drug: ID, $from: LocalDate, $to: LocalDate) { dispensedFills(prescriptionNumber: $number, drugId: $drug, from: $from, to: $to) { nodes { id number quantity status dispenseRecord { hash intact filledBy checkedBy releasedBy refillsRemaining signature { keyId } record } } } }'
  const find = async (actor: typeof nora, variables: object) => subgraph.graph(actor, trail, variables as Record<string, unknown>)
  const { prescription } = await subgraph.data(nora, 'query ($id: ID!) { prescription(id: $id) { number } }', { id })
  const [found] = (await find(nora, { number: prescription.number.toLowerCase() })).data.dispensedFills.nodes
  const { intact, filledBy, checkedBy, releasedBy, refillsRemaining } = found.dispenseRecord
  assert.deepEqual([found.id, found.number, found.quantity, intact, filledBy, checkedBy, releasedBy, refillsRemaining], [fill.id, 0, 30, true, tom.subject, nora.subject, ken.subject, 1])
  const ofDay = async (from: string, to: string): Promise<number> => (await find(actorWith('compliance'), { drug: drug.drugId, from, to })).data.dispensedFills.nodes.length
  const today = clock.today()
  assert.deepEqual([await ofDay(today, today), await ofDay(addDays(today, 1), addDays(today, 1)), await ofDay('2020-01-01', addDays(today, -1))], [1, 0, 0])
  assert.deepEqual([(await find(nora, { number: 'RX0' })).data.dispensedFills.nodes, (await find(nora, {})).errors?.[0]?.extensions['field']], [[], 'prescriptionNumber'])
  assert.match((await find(nora, { drug: drug.drugId, from: '2026-02-30' })).errors![0]!.message, /2026-02-30/)
  for (const actor of [tom, patient.actor, elena]) assert.equal((await find(actor, { number: prescription.number })).errors?.[0]?.extensions['code'], 'FORBIDDEN')
  assert.equal((await subgraph.data(patient.actor, 'query ($id: ID!) { fill(id: $id) { dispenseRecord { hash } } }', { id: fill.id })).fill.dispenseRecord, null)
  // whoever switches the trigger off is found out
  await subgraph.sql('alter table dispense_record disable trigger all')
  await subgraph.sql(`update dispense_record set record = replace(record, '"quantity":30', '"quantity":20') where fill_id = $1`, [fill.id])
  await subgraph.sql(`update dispense_record set hash = encode(sha256(record::bytea), 'hex') where fill_id = $1`, [fill.id])
  await subgraph.sql('alter table dispense_record enable trigger all')
  assert.equal((await find(nora, { number: prescription.number })).data.dispensedFills.nodes[0].dispenseRecord.intact, false)
})

test('C6 the number of a fill that went back on the shelf is free again, that of a later one is not given twice', async () => {
  const patient = await registerPatient()
  const drug = await publishDrug({ genericName: 'pravastatin' })
  const id = await verified({ patientId: patient.id, drugId: drug.drugId, refills: 3 })
  const dispense = async (): Promise<string> => {
    const { id: fillId } = await packed(id, patient.id, drug)
    await act(ken, 'releaseFill', { fillId })
    return fillId
  }
  const back = (fillId: string) => act(ken, 'returnFillToStock', { fillId, reasonCode: 'NOT_COLLECTED' })
  const numbers = async () => (await subgraph.sql<{ number: number; status: string }>('select number, status from fill where prescription_id = $1 order by id', [id])).map(({ number, status }) => `${number} ${status}`)
  const first = await dispense()
  await age(id, 25)
  const second = await dispense()
  await back(second)
  await age(id, 25)
  await dispense()
  await back(first)
  await age(id, 25)
  const last = await dispense()
  assert.deepEqual(await numbers(), ['0 RETURNED_TO_STOCK', '1 RETURNED_TO_STOCK', '1 RELEASED', '2 RELEASED'])
  const [row] = await subgraph.sql<{ fills_released: number }>('select fills_released from prescription where id = $1', [id])
  assert.deepEqual([row!.fills_released, JSON.parse((await subgraph.sql<{ record: string }>('select record from dispense_record where fill_id = $1', [last]))[0]!.record).fillNumber], [2, 2])
})

test('C10 the last refill asked for, released and returned by many hands at once is counted once each time', async () => {
  const patient = await registerPatient()
  const drug = await publishDrug({ genericName: 'simvastatin' })
  const id = await verified({ patientId: patient.id, drugId: drug.drugId, refills: 0 })
  const { id: fillId } = await packed(id, patient.id, drug)
  const counted = async () => (await subgraph.sql<{ fills_released: number; status: string }>('select fills_released, status from prescription where id = $1', [id])).map((row) => `${row.fills_released} ${row.status}`)[0]
  const released = await Promise.all([nora, ken, grace, ken, nora].map((actor) => act(actor, 'releaseFill', { fillId })))
  assert.deepEqual([released.filter(({ __typename }) => __typename === 'FillPayload').length, await counted()], [1, '1 DEPLETED'])
  const returned = await Promise.all([nora, ken, grace, ken, nora].map((actor) => act(actor, 'returnFillToStock', { fillId, reasonCode: 'NOT_COLLECTED' })))
  assert.deepEqual([new Set(returned.map(({ __typename }) => __typename)), await counted()], [new Set(['FillPayload']), '0 VERIFIED'])
  assert.equal((await subgraph.emitted('prescriptions.fill-returned.v1')).filter((event) => event.fillId === fillId).length, 1)
  const orders = await Promise.all(Array.from({ length: 5 }, () => order(id, patient.id, drug.drugId)))
  assert.deepEqual(orders.map(({ status, reason }) => reason ?? status).sort(), ['FILL_UNDER_WAY', 'FILL_UNDER_WAY', 'FILL_UNDER_WAY', 'FILL_UNDER_WAY', 'SCREENING'])
})

test('a prescription past its last day expires, and what was under way on it is blocked and told', async () => {
  const patient = await registerPatient()
  const drug = await publishDrug({ genericName: 'zolpidem' })
  const id = await verified({ patientId: patient.id, drugId: drug.drugId })
  const fill = await atTheBench(id, patient.id, drug)
  await subgraph.sql('update prescription set expiry_date = $2 where id = $1', [id, addDays(clock.today(), -1)])
  await transact(subgraph.running.orm, (em) => expirePrescriptions.run(em, systemActor('prescriptions')))
  assert.equal(await statusOf(id), 'EXPIRED')
  assert.deepEqual([await fillStatus(fill.id), (await subgraph.emitted('prescriptions.fill-blocked.v1')).at(-1)?.reasonCode], ['BLOCKED', 'PRESCRIPTION_EXPIRED'])
  assert.equal((await subgraph.sql(`select 1 from work_item where fill_id = $1 and status = 'AVAILABLE'`, [fill.id])).length, 0)
})

test('a parcel that comes back is waste, never stock', async () => {
  const patient = await registerPatient()
  const drug = await publishDrug({ genericName: 'omeprazole' })
  const id = await verified({ patientId: patient.id, drugId: drug.drugId })
  const fill = await packed(id, patient.id, drug)
  await act(ken, 'releaseFill', { fillId: fill.id })
  for (const to of ['OUT_FOR_DELIVERY', 'RETURNED', 'PICKED_UP'] as const) {
    await subgraph.publish('logistics.shipment-status-changed.v1', fill.orderId, { shipmentId: fill.orderId, orderId: fill.orderId, patientId: patient.id, from: 'CREATED', to, reasonCode: null })
  }
  await untilFill(fill.id, 'RETURNED_WASTE')
})

test('S26 an order’s fills, and a page of many patients’ prescriptions with all that hangs on them, cost a handful of SQL statements', async () => {
  const drug = await publishDrug({ genericName: 'montelukast' })
  const patients = await Promise.all(Array.from({ length: 5 }, () => registerPatient()))
  const ids = await Promise.all(patients.map(({ id }) => submit({ patientId: id, drugId: drug.drugId })))
  await Promise.all(ids.map((id) => untilPrescription(id, 'CLINICAL_REVIEW')))
  const customer = await registerPatient()
  const { orderId } = await order(await verified({ patientId: customer.id, drugId: drug.drugId }), customer.id, drug.drugId)
  const query = `query ($r: [_Any!]!) { _entities(representations: $r) {
    ... on Patient { prescriptions(filter: ALL, first: 10) { nodes { id sig drugText statusReason { code } history { to } alerts { id message } fills(first: 3) { nodes { id history { to } prescription { number } } } allowedActions } } }
    ... on Order { fills { id status } } } }`
  const representations = [...patients.map(({ id }) => ({ __typename: 'Patient', id })), { __typename: 'Order', id: orderId }, { __typename: 'Order', id: newId() }]
  const count = () => subgraph.countSql(async () => {
    const { _entities } = await subgraph.data(nora, query, { r: representations })
    assert.deepEqual(_entities.map((entity: { prescriptions?: { nodes: unknown[] }; fills?: unknown[] }) => (entity.prescriptions?.nodes ?? entity.fills)?.length), [1, 1, 1, 1, 1, 1, 0])
  })
  // relay and jobs run beside it and are counted as well: the least of several is the query's own
  const statements = Math.min(await count(), await count(), await count(), await count())
  assert.ok(statements <= 9, `${statements} statements`)
  const strangers = await subgraph.data(stranger, query, { r: representations })
  assert.ok(strangers._entities.every((entity: { prescriptions?: { nodes: unknown[] }; fills?: unknown[] }) => (entity.prescriptions?.nodes ?? entity.fills)?.length === 0))
})
