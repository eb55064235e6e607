import { test } from 'node:test'
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { addDays, clock, newId, systemActor, transact } from '@pharmagraph/platform'
import { startErxSandbox } from '../../../dev/src/sandboxes/erx/server.ts'
import { eventually } from '../../../tests/environment.ts'
import { lookAfterPdmpReports } from '../src/jobs/look-after-pdmp-reports.ts'
import type { PrescriptionContent } from '../src/content.ts'
import { Prescription } from '../src/entities/prescription.ts'
import { httpPdmp } from '../src/pdmp/http.ts'
import { isSamePerson, type LocalPdmp } from '../src/pdmp/local.ts'
import { pdmpPatient } from '../src/pdmp/message.ts'
import type { PdmpDispensing } from '../src/pdmp/port.ts'
import { services } from '../src/services.ts'
import { act, grace, ken, nora, npis, packed, publishDrug, registerPatient, subgraph, verified } from './pharmacy.ts'
import { webhookSecret } from './settings.ts'

const lorazepam = await publishDrug({ genericName: 'lorazepam', deaSchedule: 'CIV' })
const pdmp = services().pdmp as LocalPdmp
const look = (): Promise<void> => transact(subgraph.running.orm, (em) => lookAfterPdmpReports.run(em, systemActor('prescriptions')))
const overdue = async (): Promise<{ state: string; day: string; dueDay: string; rule: string; source: string; fill: { id: string } | null }[]> =>
  (await subgraph.data(grace, '{ overduePdmpReports { state day dueDay rule source fill { id } } }')).overduePdmpReports
const yesterday = addDays(clock.today(), -1)

test('C24 a state that wants to hear of days without a controlled dispensing hears of each once', async () => {
  await look()
  await look()
  await eventually(() => pdmp.reportedNone.has(`IA ${yesterday}`), { what: 'zero report' })
  await eventually(async () => (await subgraph.sql('select 1 from pdmp_zero_report where reported_at is null')).length === 0, { what: 'zero reports on record' })
  assert.deepEqual([...pdmp.reportedNone].sort(), [5, 4, 3, 2, 1].map((back) => `IA ${addDays(clock.today(), -back)}`))
  const emitted = (await subgraph.emitted('prescriptions.pdmp-report-due.v1')).filter(({ fillId }) => fillId === null)
  assert.equal(emitted.length, 5)
})

test('C24 a dispensing its programme did not hear of in time is shown to those in charge and told again until it has', async () => {
  const patient = await registerPatient()
  const id = await verified({ patientId: patient.id, drugId: lorazepam.drugId, refills: 0 })
  await subgraph.sql(`update prescription set patient_state = 'CA' where id = $1`, [id])
  const fill = await packed(id, patient.id, lorazepam)
  await act(ken, 'releaseFill', { fillId: fill.id })
  await eventually(async () => (await subgraph.sql('select 1 from pdmp_report where fill_id = $1', [fill.id])).length === 1, { what: 'report' })
  assert.deepEqual(await overdue(), [])
  // as if the programme had never answered
  await subgraph.sql('delete from pdmp_report where fill_id = $1', [fill.id])
  await subgraph.sql(`update fill set released_at = released_at - interval '6 days' where id = $1`, [fill.id])
  const [late, ...others] = await overdue()
  assert.deepEqual([late?.state, late?.rule, late?.source, late?.fill?.id, others], ['CA', 'ca-pdmp-report', 'Cal. Health & Safety Code 11165(d) (AB 528 of 2019)', fill.id, []])
  assert.equal((await subgraph.graph(nora, '{ overduePdmpReports { state } }')).errors?.[0]?.extensions['code'], 'FORBIDDEN')
  await look()
  await look()
  await eventually(async () => (await subgraph.sql('select 1 from pdmp_report where fill_id = $1', [fill.id])).length === 1, { what: 'report again' })
  assert.deepEqual(await overdue(), [])
  assert.deepEqual((await subgraph.emitted('prescriptions.pdmp-report-due.v1')).filter(({ fillId }) => fillId === fill.id).map(({ overdue: late }) => late), [true])
})

const patientOf = (about: object = {}) => ({ family: "O'Brien", given: 'Zoë', dateOfBirth: '1970-02-03', sex: 'F' as const, phone: '4155550100', address: { line1: '1 Main St', line2: null, city: 'Miami', state: 'FL', postalCode: '33101-1234' }, ...about })

test('C24 a programme knows people by name and day of birth, however they are spelt; sex and postcode part those who share them, and no id of ours is sent', () => {
  const same = (about: object): boolean => isSamePerson(patientOf(), patientOf(about))
  assert.ok(same({}) && same({ family: 'OBRIEN', given: 'zoe' }) && same({ sex: 'U' }) && same({ address: null }) && same({ phone: null }))
  assert.ok(!same({ given: 'Zach' }) && !same({ dateOfBirth: '1970-02-04' }) && !same({ sex: 'M' }) && !same({ address: { ...patientOf().address, postalCode: '33109' } }))
})

test('C24 what is told of a dispensing is what ASAP 4.2B asks: pharmacy, person, prescription, product, prescriber; a part says which, and what went back on the shelf is taken back', async () => {
  const patient = await registerPatient({ family: 'Núñez', given: 'Ana', dateOfBirth: '1961-07-08' })
  const id = await verified({ patientId: patient.id, drugId: lorazepam.drugId, refills: 2, patientAddress: { line1: '1 Main St', city: 'Fresno', state: 'ca', postalCode: '93650' } })
  const fill = await packed(id, patient.id, lorazepam)
  await act(ken, 'releaseFill', { fillId: fill.id })
  const told = await eventually(() => pdmp.reported.get(fill.id), { what: 'report' })
  const [{ number }] = await subgraph.sql<{ number: string }>('select number from prescription where id = $1', [id]) as [{ number: string }]
  assert.deepEqual(told, {
    state: 'CA', pharmacy: { npi: '1234567893', dea: 'FP1234563', ncpdp: '0512345' }, fillId: fill.id, reporting: '00',
    patient: { family: 'Núñez', given: 'Ana', dateOfBirth: '1961-07-08', sex: 'U', phone: patient.phone, address: { line1: '1 Main St', line2: null, city: 'Fresno', state: 'CA', postalCode: '93650' } },
    prescriptionNumber: number, dateWritten: clock.today(), refillsAuthorized: 2, dateFilled: clock.today(), refillNumber: 0,
    ndc: lorazepam.ndc11, quantity: 30, daysSupply: 30, unit: '01', schedule: 'CIV', origin: '05', partialFill: '00', paymentType: '01',
    prescriber: { npi: npis.elena, dea: 'FP9902013', family: null, given: null },
  })
  assert.ok(!JSON.stringify(told).includes(patient.id))
  assert.deepEqual(await pdmp.query({ state: 'CA', pharmacy: told.pharmacy, patient: { ...told.patient, family: 'NUNEZ', sex: 'F' } }), { dispensings: 1, prescribers: 1, pharmacies: 1 })
  // nothing of it lies open in our rows, or on the bus
  const rows = await subgraph.sql<{ text: string }>('select r::text as text from pdmp_report r union all select o::text from outbox o')
  assert.ok(rows.every(({ text }) => !text.includes('Núñez') && !text.includes('1961-07-08')))

  const returned = await act(nora, 'returnFillToStock', { fillId: fill.id, reasonCode: 'NOT_COLLECTED' })
  assert.equal(returned['fill']?.status, 'RETURNED_TO_STOCK', JSON.stringify(returned))
  await eventually(() => pdmp.reported.get(fill.id)?.reporting === '02', { what: 'void' })
  assert.equal((await pdmp.query({ state: 'CA', pharmacy: told.pharmacy, patient: told.patient })).dispensings, 0)
})

test('C24 the prescriber’s own words come first: the address and the sex as they were written are told', async () => {
  const patient = await registerPatient()
  const id = await verified({ patientId: patient.id, drugId: lorazepam.drugId, refills: 0 })
  const told = await transact(subgraph.running.orm, async (em) => {
    const prescription = await em.findOneOrFail(Prescription, { id })
    const content = await services().vault.open<PrescriptionContent>(em, prescription.sealedFor, prescription.sealed)
    prescription.sealed = await services().vault.seal(em, prescription.sealedFor, { ...content, patient: { ...content.patient, family: 'Written', sex: 'F', address: { line1: '5 Oak Ave', city: 'Austin', state: 'tx', postalCode: '78701' } } })
    return pdmpPatient(em, services(), prescription)
  })
  assert.deepEqual(told, { family: 'Written', given: patient.given, dateOfBirth: patient.dateOfBirth, sex: 'F', phone: patient.phone, address: { line1: '5 Oak Ave', line2: null, city: 'Austin', state: 'TX', postalCode: '78701' } })
})

test('C24 who is not known by name is asked about later, not by an id', async () => {
  const patient = await registerPatient()
  const id = await verified({ patientId: patient.id, drugId: lorazepam.drugId, refills: 0 })
  await subgraph.sql('delete from clinical_profile_fact where patient_id = $1', [patient.id])
  await assert.rejects(transact(subgraph.running.orm, async (em) => pdmpPatient(em, services(), await em.findOneOrFail(Prescription, { id }))), { code: 'UNAVAILABLE' })
})

test('the adapter speaks to the sandbox of the programmes: asked, told, told twice, told of nothing, and refused without a signature', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'pharmagraph-pdmp-'))
  const sandbox = await startErxSandbox({ host: '127.0.0.1', port: 0, dataDir, publicUrl: undefined, webhookSecret })
  try {
    const programme = httpPdmp(`${sandbox.url}/pdmp`, webhookSecret)
    const { pharmacy } = services()
    const patient = patientOf()
    const ask = (state: string, about: object = {}) => programme.query({ state, pharmacy, patient: patientOf(about) })
    const dispensing: PdmpDispensing = {
      state: 'FL', pharmacy, patient, fillId: newId(), reporting: '00', prescriptionNumber: 'RX1', dateWritten: yesterday, refillsAuthorized: 0, dateFilled: yesterday, refillNumber: 0,
      ndc: '00591036901', quantity: 30, daysSupply: 30, unit: '01', schedule: 'CIV', origin: '05', partialFill: '00', paymentType: '01', prescriber: { npi: npis.elena, dea: 'FP9902013', family: null, given: null },
    }
    assert.deepEqual(await ask('FL'), { dispensings: 0, prescribers: 0, pharmacies: 0 })
    await programme.report(dispensing)
    await programme.report(dispensing)
    await programme.report({ ...dispensing, fillId: newId(), prescriber: { ...dispensing.prescriber, npi: npis.samuel } })
    await programme.reportNone({ state: 'IA', pharmacy, day: yesterday })
    assert.deepEqual(await ask('FL'), { dispensings: 2, prescribers: 2, pharmacies: 1 })
    assert.deepEqual(await ask('FL', { given: 'ZOE', address: null }), { dispensings: 2, prescribers: 2, pharmacies: 1 })
    for (const other of [{ dateOfBirth: '1970-02-04' }, { given: 'Ana' }, { sex: 'M' }]) assert.equal((await ask('FL', other)).dispensings, 0)
    assert.deepEqual(await ask('TX'), { dispensings: 0, prescribers: 0, pharmacies: 0 })
    const told = (await (await fetch(new URL('/control/pdmp', sandbox.url))).json()) as { dispensings: unknown[]; zeroReports: unknown[] }
    assert.deepEqual([told.dispensings.length, told.dispensings[0], told.zeroReports], [2, dispensing, [{ state: 'IA', day: yesterday }]])
    // a record a programme would not take is not taken
    await assert.rejects(programme.report({ ...dispensing, fillId: newId(), ndc: '' }), { code: 'UNAVAILABLE' })
    await assert.rejects(httpPdmp(`${sandbox.url}/pdmp`, 'another secret').report(dispensing), { code: 'UNAVAILABLE' })
    await fetch(new URL('/control/faults', sandbox.url), { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ kind: 'error', match: { path: '/pdmp' }, status: 503 }) })
    await assert.rejects(programme.report(dispensing), { code: 'UNAVAILABLE' })
    await programme.report(dispensing)
  } finally {
    await sandbox.close()
    rmSync(dataDir, { recursive: true, force: true })
  }
})
