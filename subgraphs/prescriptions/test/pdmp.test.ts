import { test } from 'node:test'
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { addDays, clock, newId, systemActor, transact } from '@pharmagraph/platform'
import { startErxSandbox } from '../../../dev/src/sandboxes/erx/server.ts'
import { eventually } from '../../../tests/environment.ts'
import { lookAfterPdmpReports } from '../src/jobs/look-after-pdmp-reports.ts'
import { httpPdmp } from '../src/pdmp/http.ts'
import type { LocalPdmp } from '../src/pdmp/local.ts'
import { services } from '../src/services.ts'
import { act, grace, ken, nora, packed, publishDrug, registerPatient, subgraph, verified } from './pharmacy.ts'
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

test('the adapter speaks to the sandbox of the programmes: asked, told, told twice, told of nothing, and refused without a signature', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'pharmagraph-pdmp-'))
  const sandbox = await startErxSandbox({ host: '127.0.0.1', port: 0, dataDir, publicUrl: undefined, webhookSecret })
  try {
    const programme = httpPdmp(`${sandbox.url}/pdmp`, webhookSecret)
    const patientId = newId()
    const dispensing = { state: 'FL', fillId: newId(), patientId, drugId: newId(), schedule: 'CIV', quantity: 30, daysSupply: 30, dispensedOn: yesterday }
    assert.deepEqual(await programme.query({ state: 'FL', patientId, prescriptionId: newId() }), { dispensings: 0, prescribers: 0, pharmacies: 0 })
    await programme.report(dispensing)
    await programme.report(dispensing)
    await programme.reportNone({ state: 'IA', day: yesterday })
    assert.deepEqual(await programme.query({ state: 'FL', patientId, prescriptionId: newId() }), { dispensings: 1, prescribers: 1, pharmacies: 1 })
    assert.deepEqual(await programme.query({ state: 'TX', patientId, prescriptionId: newId() }), { dispensings: 0, prescribers: 0, pharmacies: 0 })
    const told = (await (await fetch(new URL('/control/pdmp', sandbox.url))).json()) as { dispensings: unknown[]; zeroReports: unknown[] }
    assert.deepEqual([told.dispensings, told.zeroReports], [[dispensing], [{ state: 'IA', day: yesterday }]])
    await assert.rejects(httpPdmp(`${sandbox.url}/pdmp`, 'another secret').report(dispensing), { code: 'UNAVAILABLE' })
    await fetch(new URL('/control/faults', sandbox.url), { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ kind: 'error', match: { path: '/pdmp' }, status: 503 }) })
    await assert.rejects(programme.report(dispensing), { code: 'UNAVAILABLE' })
    await programme.report(dispensing)
  } finally {
    await sandbox.close()
    rmSync(dataDir, { recursive: true, force: true })
  }
})
