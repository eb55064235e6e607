import { test } from 'node:test'
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { addDays, clock, newId, type Actor } from '@pharmagraph/platform'
import { actorWith } from '../../../tests/environment.ts'
import { act, claimFor, held, ken, nora, npis, publishDrug, registerPatient, statusOf, stranger, subgraph, tom, untilPrescription, type KnownPatient } from './pharmacy.ts'

const lisinopril = await publishDrug({ genericName: 'lisinopril' })
const oxycodone = await publishDrug({ genericName: 'oxycodone', deaSchedule: 'CII' })

/** The header of a PNG and one chunk of noise: no two alike. */
const png = (): Buffer => Buffer.concat([Buffer.from('89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489000000c849444154', 'hex'), randomBytes(204), Buffer.from('SECRETPICTURE')])
const pdf = (text: string): Buffer => Buffer.from(`%PDF-1.7\n${text}\n%%EOF`)

const send = async (actor: Actor, body: Buffer, contentType = 'image/png') => {
  const response = await fetch(new URL('/uploads/prescriptions', subgraph.url), { method: 'POST', body: new Uint8Array(body), headers: { 'content-type': contentType, ...(await subgraph.headersFor(actor)) } })
  return { status: response.status, answer: (await response.json()) as Record<string, any>, location: response.headers.get('location') }
}
const view = async (actor: Actor, id: string) => {
  const response = await fetch(new URL(`/uploads/prescriptions/${id}`, subgraph.url), { headers: await subgraph.headersFor(actor) })
  return { status: response.status, headers: response.headers, body: Buffer.from(await response.arrayBuffer()) }
}
const typed = (about: object = {}) => ({
  prescriberNpi: npis.elena, drugId: lisinopril.drugId, drugText: 'Lisinopril 10 mg tabl.', sig: 'Take 1 tablet daily.', quantity: 30, daysSupply: 30, refills: 2, issueDate: addDays(clock.today(), -3), ...about,
})
const transcribe = async (actor: Actor, input: object) => {
  const answer = await subgraph.data(actor, `mutation ($input: TranscribePrescriptionInput!) { transcribePrescription(input: $input) { __typename
    ... on PrescriptionPayload { prescription { id status } } ... on InvalidInput { code message field } ... on TransitionRefused { code message } } }`, { input })
  return answer.transcribePrescription as Record<string, any>
}
const uploaded = async (patient: KnownPatient, body = png()): Promise<string> => {
  const { status, answer } = await send(patient.actor, body)
  assert.equal(status, 201, JSON.stringify(answer))
  await untilPrescription(answer['id'], 'DATA_ENTRY')
  return answer['id']
}

test('S60 a patient’s picture is a prescription at once, read by a technician and verified by a pharmacist who both looked at it', async () => {
  const patient = await registerPatient()
  const body = png()
  const { status, answer, location } = await send(patient.actor, body)
  assert.deepEqual([status, answer['status'], location], [201, 'RECEIVED', `/uploads/prescriptions/${answer['id']}`])
  const id = answer['id']
  await untilPrescription(id, 'DATA_ENTRY')
  const { patient: shown } = { patient: (await subgraph.data(patient.actor, 'query ($id: ID!) { prescription(id: $id) { status source quantity drug { id } picture { contentType bytes path } } }', { id })).prescription }
  assert.deepEqual(shown, { status: 'DATA_ENTRY', source: 'UPLOAD', quantity: 0, drug: null, picture: { contentType: 'image/png', bytes: body.length, path: location } })

  const claim = held(await claimFor(tom, 'DATA_ENTRY', id))
  assert.match((await act(tom, 'completeDataEntry', { ...claim, drugId: lisinopril.drugId, daysSupply: 30 }))['message'], /transcribe/)
  assert.match((await transcribe(tom, { ...claim, ...typed() }))['message'], /look at the picture first/)
  const picture = await view(tom, id)
  assert.deepEqual([picture.status, picture.headers.get('content-type'), picture.headers.get('cache-control'), picture.headers.get('x-content-type-options')], [200, 'image/png', 'no-store', 'nosniff'])
  assert.ok(picture.body.equals(body))
  assert.equal((await transcribe(tom, { ...claim, ...typed({ prescriberNpi: '1234567890' }) }))['field'], 'prescriberNpi')
  assert.equal((await transcribe(tom, { ...claim, ...typed({ issueDate: addDays(clock.today(), -400) }) }))['code'], 'PRESCRIPTION_EXPIRED')
  assert.equal((await transcribe(tom, { ...claim, ...typed() }))['prescription']?.status, 'CLINICAL_REVIEW')

  const review = held(await claimFor(nora, 'VERIFICATION', id))
  const blind = await act(nora, 'verifyPrescription', review)
  assert.deepEqual([blind.__typename, blind['missing']], ['ReviewIncomplete', ['you have not looked at the picture of the prescription']])
  await view(nora, id)
  assert.equal((await act(nora, 'verifyPrescription', review))['prescription']?.status, 'VERIFIED')
})

test('the same picture sent twice, even at once, is one prescription; of another patient it is another', async () => {
  const [one, two] = [await registerPatient(), await registerPatient()]
  const body = png()
  const sent = await Promise.all([send(one.actor, body), send(one.actor, body), send(two.actor, body)])
  assert.deepEqual(sent.map(({ status }) => status), [201, 201, 201])
  const [a, b, c] = sent.map(({ answer }) => answer['id'])
  assert.equal(a, b)
  assert.notEqual(a, c)
})

test('a controlled drug is not verified from a picture, by the rule named', async () => {
  const patient = await registerPatient()
  const id = await uploaded(patient)
  await view(tom, id)
  assert.equal((await transcribe(tom, { ...held(await claimFor(tom, 'DATA_ENTRY', id)), ...typed({ drugId: oxycodone.drugId, refills: 0 }) }))['prescription']?.status, 'CLINICAL_REVIEW')
  await view(nora, id)
  const claim = held(await claimFor(nora, 'VERIFICATION', id))
  const outcome = await act(nora, 'verifyPrescription', claim)
  assert.deepEqual([outcome.__typename, outcome['code']], ['TransitionRefused', 'CONTROLLED_BY_IMAGE'])
  assert.match(outcome['message'], /21 CFR 1311/)
  await act(nora, 'rejectPrescription', { ...claim, reasonCode: 'INVALID_PRESCRIPTION', text: 'needs an electronic prescription' })
  assert.equal(await statusOf(id), 'REJECTED')
})

test('S60 what is no picture or PDF by its bytes, empty, too large, or carries something is refused with the reason', async () => {
  const patient = await registerPatient()
  const refusal = async (body: Buffer, contentType?: string) => {
    const { status, answer } = await send(patient.actor, body, contentType)
    return [status, answer['message'] as string] as const
  }
  assert.deepEqual(await refusal(Buffer.from('<script>alert(1)</script>')), [415, 'send a JPEG, PNG, WebP or HEIC picture, or a PDF'])
  assert.deepEqual(await refusal(Buffer.from('PK\u0003\u0004 a zip that says it is a picture'), 'image/png').then(([status]) => status), 415)
  assert.equal((await refusal(Buffer.alloc(0)))[0], 400)
  assert.equal((await refusal(Buffer.concat([png(), Buffer.alloc(10 * 1024 * 1024)])))[0], 413)
  assert.match((await refusal(pdf('/OpenAction << /S /JavaScript /JS (app.alert(1)) >>')))[1], /carries a script/)
  for (const hidden of ['/AA << /O << /S /J#61vaScript >> >>', '/AA << /O << /#4a#53 (x) >> >>', '/Names << /EmbeddedFile 5 0 R >>']) assert.match((await refusal(pdf(hidden)))[1], /carries a script, a program or another file/, hidden)
  assert.match((await refusal(Buffer.concat([png(), Buffer.from(['X5O!P%@AP[4\\PZX54(P^)7CC)7}$', 'EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*'].join(''))])))[1], /EICAR/)
  assert.equal((await send(patient.actor, pdf('a plain one'), 'application/octet-stream')).status, 201)
  assert.equal((await send(patient.actor, pdf('/OpenAction [3 0 R /Fit]'))).status, 201, 'a scanner’s file that opens at its first page')
})

test('only a registered patient sends, only that patient and those who work with it see', async () => {
  const patient = await registerPatient()
  const id = await uploaded(patient)
  for (const actor of [nora, actorWith('partner'), actorWith('patient')]) assert.equal((await send(actor, png())).status, 403)
  assert.equal((await send(actorWith('patient', { patientId: newId() }), png())).status, 400)
  assert.deepEqual(await Promise.all([patient.actor, tom, ken, stranger, actorWith('prescriber', { practitionerId: newId() }), actorWith('support')].map(async (actor) => (await view(actor, id)).status)), [200, 200, 200, 404, 404, 404])
  assert.equal((await view(nora, newId())).status, 404)
})

test('a picture lies sealed in the database, and one exchanged there is not shown', async () => {
  const patient = await registerPatient()
  const [id, other] = [await uploaded(patient), await uploaded(patient)]
  assert.ok(!JSON.stringify(await subgraph.sql('select * from prescription_picture')).includes(Buffer.from('SECRETPICTURE').toString('base64').slice(0, 12)))
  await subgraph.sql('update prescription_picture set sealed = (select sealed from prescription_picture where prescription_id = $2) where prescription_id = $1', [id, other])
  assert.equal((await view(nora, id)).status, 409)
  assert.equal((await view(nora, other)).status, 200)
})
