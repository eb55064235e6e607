import { test } from 'node:test'
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { clock, newId, systemActor, transact, type Actor } from '@pharmagraph/platform'
import { actorWith, eventually } from '../../../tests/environment.ts'
import { takeImportLines } from '../src/commands/take-import-lines.ts'
import { forgetImportLines } from '../src/jobs/forget-import-lines.ts'
import { services } from '../src/services.ts'
import { nora, npis, partner, publishDrug, registerPatient, stranger, subgraph, type KnownPatient } from './pharmacy.ts'

const samples = process.env['REAL_DATA_DIR'] ?? resolve(import.meta.dirname, '../../../../shared/data')
const lisinopril = await publishDrug({ genericName: 'lisinopril' })

type Progress = { id: string; status: string; total: number; accepted: number; refused: number; readAlong: number; waiting: number }
const start = async (lines: readonly (object | string)[] | string, actor: Actor = partner) => {
  const body = typeof lines === 'string' ? lines : lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n')
  const response = await fetch(new URL('/fhir/R4/$import', subgraph.url), { method: 'POST', body, headers: { 'content-type': 'application/fhir+ndjson', ...(await subgraph.headersFor(actor)) } })
  return { status: response.status, location: response.headers.get('content-location'), progress: (await response.json()) as Progress }
}
const progress = async (id: string, actor: Actor = partner, path = '') => {
  const response = await fetch(new URL(`/fhir/R4/$import/${id}${path}`, subgraph.url), { headers: await subgraph.headersFor(actor) })
  return { status: response.status, text: await response.text() }
}
const done = (id: string, within = 20_000): Promise<Progress> =>
  eventually(async () => [JSON.parse((await progress(id)).text) as Progress].find(({ status }) => status === 'DONE'), { what: 'import done', within })
const linesOf = async (id: string, status?: string, actor: Actor = partner) =>
  (await subgraph.data(actor, 'query ($id: ID!, $status: BulkImportLineStatus) { bulkImport(id: $id) { lines(status: $status, first: 200) { nodes { number status reason field prescription { status } } } } }', { id, status })).bulkImport?.lines.nodes

const person = ({ family, given, dateOfBirth, email }: KnownPatient, id: string) => ({ resourceType: 'Patient', id, name: [{ family, given: [given] }], birthDate: dateOfBirth, telecom: [{ system: 'email', value: email }] })
const doctor = (id: string) => ({ resourceType: 'Practitioner', id, identifier: [{ system: 'http://hl7.org/fhir/sid/us-npi', value: npis.elena }] })
const request = (subject: string, requester: string, about: object = {}) => ({
  resourceType: 'MedicationRequest', status: 'active', intent: 'order', identifier: [{ system: 'urn:clinic', value: newId() }],
  medicationCodeableConcept: { coding: [{ system: 'http://hl7.org/fhir/sid/ndc', code: lisinopril.ndc }], text: 'Lisinopril 10 MG Oral Tablet' },
  subject: { reference: subject }, requester: { reference: requester }, authoredOn: clock.today(), dosageInstruction: [{ text: `Take one daily. ${newId()}` }],
  dispenseRequest: { quantity: { value: 30 }, expectedSupplyDuration: { value: 30, code: 'd' } }, ...about,
})

test('each line of an import is accepted, or refused with its number and a reason, and the file again is the same import', async () => {
  const patient = await registerPatient()
  const [p, d] = [newId(), newId()]
  const file = [
    person(patient, p), doctor(d), request(`Patient/${p}`, `Practitioner/${d}`), '', request(`urn:uuid:${p}`, `urn:uuid:${d}`), '{"resourceType": "Medi', '"just text"',
    request('Patient/nobody', `Practitioner/${d}`), request(`Patient/${p}`, `Practitioner/${d}`, { status: 'stopped' }), request(`Patient/${p}`, `Practitioner/${d}`, { dispenseRequest: {} }), { resourceType: 'Observation' },
  ]
  const { status, location, progress: first } = await start(file)
  assert.deepEqual([status, location, first.total], [202, `/fhir/R4/$import/${first.id}`, 10])
  const { accepted, refused, readAlong, waiting } = await done(first.id)
  assert.deepEqual({ accepted, refused, readAlong, waiting }, { accepted: 2, refused: 6, readAlong: 2, waiting: 0 })
  const lines = await linesOf(first.id)
  assert.deepEqual(lines.map(({ number, status: each, field }: Record<string, unknown>) => [number, each, field]), [
    [1, 'READ_ALONG', null], [2, 'READ_ALONG', null], [3, 'ACCEPTED', null], [5, 'ACCEPTED', null], [6, 'REFUSED', null], [7, 'REFUSED', null],
    [8, 'REFUSED', 'MedicationRequest.subject'], [9, 'REFUSED', 'MedicationRequest.status'], [10, 'REFUSED', 'MedicationRequest.dispenseRequest.quantity'], [11, 'REFUSED', null],
  ])
  const errors = (await progress(first.id, partner, '/errors')).text.trim().split('\n').map((line) => JSON.parse(line).issue[0].diagnostics as string)
  assert.deepEqual(errors.map((text) => text.split(':')[0]), ['line 6', 'line 7', 'line 8', 'line 9', 'line 10', 'line 11'])
  assert.match(errors.at(-2)!, /the quantity to dispense is missing/)
  assert.equal((await start(file)).progress.id, first.id)
  assert.equal((await subgraph.sql(`select 1 from prescription where source = 'FHIR' and patient_id = $1`, [patient.id])).length, 2)
})

test('an import interrupted anywhere goes on where it was: no line is lost, none is taken twice', async () => {
  const patient = await registerPatient()
  const [p, d] = [newId(), newId()]
  const { progress: { id } } = await start([person(patient, p), doctor(d), ...Array.from({ length: 30 }, () => request(`Patient/${p}`, `Practitioner/${d}`))])
  // processes that die in the middle of a batch: their transaction is gone
  for (let n = 1; n <= 3; n++) {
    await assert.rejects(transact(subgraph.running.orm, async (em) => {
      await takeImportLines(em, services(), n * 3, { error: () => {} })
      await em.flush()
      throw new Error('killed')
    }), /killed/)
  }
  const { accepted, refused } = await done(id)
  assert.deepEqual([accepted, refused], [30, 0])
  assert.equal((await subgraph.sql(`select 1 from prescription where patient_id = $1`, [patient.id])).length, 30)
  assert.equal((await subgraph.sql('select 1 from bulk_import_line where import_id = $1 and sealed is not null', [id])).length, 0)
})

test('a line that fails for a reason of ours waits longer each time, is refused after six tries and kept, and is tried again when asked to', async () => {
  const patient = await registerPatient()
  const [p, d, order] = [newId(), newId(), `FAILS-${newId()}`]
  await subgraph.sql(`create function refuse_order() returns trigger language plpgsql as $$ begin raise exception 'the disk is full'; end $$`)
  await subgraph.sql(`create trigger refuse_order before insert on prescription for each row when (new.prescriber_order_number = '${order}') execute function refuse_order()`)
  const { progress: { id } } = await start([person(patient, p), doctor(d), request(`Patient/${p}`, `Practitioner/${d}`, { identifier: [{ system: 'urn:clinic', value: order }] }), request(`Patient/${p}`, `Practitioner/${d}`)])
  const line = async () => (await subgraph.sql<{ status: string; tries: number; wait: number | null; kept: boolean }>(
    'select status, tries, extract(epoch from next_try_at - now())::int as wait, sealed is not null as kept from bulk_import_line where import_id = $1 and number = 3', [id]))[0]!
  for (let tries = 1; tries < 6; tries++) {
    const { status, wait, kept } = await eventually(async () => [await line()].find((found) => found.tries === tries), { what: `try ${tries}` })
    assert.deepEqual([status, kept], ['WAITING', true])
    assert.ok(wait! > 5 * 2 ** (tries - 1) - 5 && wait! <= 5 * 2 ** (tries - 1), `${wait} s after try ${tries}`)
    await subgraph.sql('update bulk_import_line set next_try_at = now() where import_id = $1 and number = 3', [id])
  }
  const { accepted, refused, waiting } = await done(id)
  assert.deepEqual([accepted, refused, waiting], [1, 1, 0])
  const [given] = await linesOf(id, 'REFUSED')
  assert.deepEqual([given.number, given.reason.includes('6 times')], [3, true])
  assert.doesNotMatch(given.reason, /disk/)
  const retry = async (actor: Actor, lines?: number[]) => {
    const answer = await subgraph.graph(actor, 'mutation ($input: RetryBulkImportInput!) { retryBulkImport(input: $input) { __typename ... on BulkImportPayload { bulkImport { status refused lines(status: WAITING) { nodes { number tries retryable } } } } ... on InvalidInput { field } } }', { input: { importId: id, lines } })
    return answer.errors?.[0]?.extensions['code'] ?? answer.data.retryBulkImport
  }
  assert.equal(await retry(stranger), 'NOT_FOUND')
  assert.deepEqual(await retry(partner, [4]), { __typename: 'InvalidInput', field: 'lines' })
  await subgraph.sql('drop trigger refuse_order on prescription')
  await subgraph.sql('drop function refuse_order')
  const asked = await retry(partner)
  assert.deepEqual([asked.__typename, asked.bulkImport.refused], ['BulkImportPayload', 0])
  assert.deepEqual((await done(id)).accepted, 2)
  assert.equal((await subgraph.sql('select 1 from bulk_import_line where import_id = $1 and sealed is not null', [id])).length, 0)
  assert.equal(await retry(nora).then(({ __typename }) => __typename), 'InvalidInput')
})

test('the rows of an import show nothing of what it says, and only its sender and staff see it', async () => {
  const patient = await registerPatient({ family: 'Findmenotatall' })
  const [p, d] = [newId(), newId()]
  const { progress: { id } } = await start([person(patient, p), doctor(d), request(`Patient/${p}`, `Practitioner/${d}`, { dispenseRequest: {}, dosageInstruction: [{ text: 'SECRETSIG' }] })])
  await done(id)
  const rows = JSON.stringify(await subgraph.sql('select * from bulk_import_line where import_id = $1', [id]))
  for (const secret of ['Findmenotatall', 'SECRETSIG', p]) assert.ok(!rows.includes(secret))
  for (const actor of [stranger, actorWith('partner', { clientId: 'other' })]) {
    assert.deepEqual([(await progress(id, actor)).status, (await progress(id, actor, '/errors')).status, await linesOf(id, undefined, actor)], [404, 404, undefined])
  }
  assert.equal((await linesOf(id, 'REFUSED', nora)).length, 1)
  // nothing to take in is done at once
  assert.equal((await start([{ resourceType: 'Observation', id: newId() }])).progress.status, 'DONE')
  assert.deepEqual([(await start([{ resourceType: 'Patient' }], stranger)).status, (await start('\n \n')).status], [403, 400])
})

test('G2 what a refused line said is forgotten after thirty days; that it was refused, and why, stays', async () => {
  const { progress: { id } } = await start([{ resourceType: 'Patient', id: newId(), name: [{ family: 'Gone' }] }, request('Patient/nobody', 'Practitioner/nobody')])
  await done(id)
  const run = () => transact(subgraph.running.orm, (em) => forgetImportLines.run(em, systemActor('prescriptions')))
  const kept = async () => (await subgraph.sql<{ n: number }>('select count(sealed)::int as n from bulk_import_line where import_id = $1', [id]))[0]!.n
  await run()
  assert.equal(await kept(), 1)
  await subgraph.sql(`update bulk_import set finished_at = finished_at - interval '31 days' where id = $1`, [id])
  await run()
  assert.equal(await kept(), 0)
  const [line] = await linesOf(id, 'REFUSED')
  assert.deepEqual([line.number, line.field], [2, 'MedicationRequest.subject'])
})

test('the samples of others are imported whole: every line accounted for, every refusal with a reason', { skip: existsSync(resolve(samples, 'fhir/synthea')) ? false : 'the samples of fhir/synthea are not here' }, async () => {
  const read = (name: string) => readFileSync(resolve(samples, `fhir/synthea/${name}.dev.ndjson`), 'utf8').trim().split('\n')
  const file = [...read('Patient'), ...read('Practitioner'), ...read('AllergyIntolerance'), ...read('MedicationRequest').slice(0, 500), ...read('Organization').slice(0, 5)]
  const { progress: { id, total } } = await start(file.join('\n'))
  assert.equal(total, file.length)
  const { accepted, refused, readAlong, waiting } = await done(id, 60_000)
  assert.deepEqual([accepted + refused + readAlong, waiting, readAlong], [total, 0, 398 + 102 + 232])
  const refusals = await subgraph.sql<{ reason: string }>(`select reason from bulk_import_line where import_id = $1 and status = 'REFUSED'`, [id])
  assert.equal(refusals.length, refused)
  for (const { reason } of refusals) assert.ok(reason && !reason.includes('our side'), reason)
})
