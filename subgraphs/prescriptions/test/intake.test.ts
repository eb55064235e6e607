import { test } from 'node:test'
import assert from 'node:assert/strict'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { addDays, clock, newId } from '@pharmagraph/platform'
import { actorWith, eventually } from '../../../tests/environment.ts'
import { erxSignature } from '../src/erx/signature.ts'
import { webhookSecret } from './settings.ts'
import { act, claimFor, elena, held, itemOf, network, nora, npis, order, packed, partner, post, publishDrug, registerPatient, statusOf, subgraph, tom, untilPrescription, verified, ken, grace, type KnownPatient } from './pharmacy.ts'

/** Messages other people wrote, kept outside the project: REAL_DATA_DIR, or shared/data beside the repository. */
const samples = process.env['REAL_DATA_DIR'] ?? resolve(import.meta.dirname, '../../../../shared/data')
const samplesOf = (folder: string): string | false => (existsSync(resolve(samples, folder)) ? false : `the samples of ${folder} are not here`)
const today = clock.today()
const lisinopril = await publishDrug({ genericName: 'lisinopril' })
const oxycodone = await publishDrug({ genericName: 'oxycodone', deaSchedule: 'CII' })

type NewRx = { messageId?: string; order?: string; ndc?: string; text?: string; refills?: number; quantity?: string; npi?: string; dea?: string; extra?: string; version?: string; issued?: string; daysSupply?: string; sig?: string }
const newRx = (patient: Pick<KnownPatient, 'family' | 'given' | 'dateOfBirth' | 'phone'>, about: NewRx = {}): string => `<?xml version="1.0" encoding="UTF-8"?>
<Message xmlns="http://www.ncpdp.org/schema/SCRIPT" version="${about.version ?? '2017071'}">
  <Header><To>PHARMAGRAPH</To><From>CLINIC</From><MessageID>${about.messageId ?? newId()}</MessageID><SentTime>2026-11-22T09:30:00Z</SentTime><PrescriberOrderNumber>${about.order ?? newId()}</PrescriberOrderNumber></Header>
  <Body><NewRx>
    <Patient><HumanPatient><Name><LastName>${patient.family}</LastName><FirstName>${patient.given}</FirstName></Name><Gender>F</Gender><DateOfBirth><Date>${patient.dateOfBirth}</Date></DateOfBirth>
      <CommunicationNumbers><PrimaryTelephone><Number>${patient.phone}</Number></PrimaryTelephone></CommunicationNumbers></HumanPatient></Patient>
    <Prescriber><NonVeterinarian><Identification>${about.dea ? `<DEANumber>${about.dea}</DEANumber>` : ''}<NPI>${about.npi ?? npis.elena}</NPI></Identification><Name><LastName>Petrova</LastName><FirstName>Elena</FirstName></Name></NonVeterinarian></Prescriber>
    <MedicationPrescribed><DrugDescription>${about.text ?? 'Lisinopril 10 MG Oral Tablet'}</DrugDescription><DrugCoded><ProductCode Qualifier="ND">${about.ndc ?? lisinopril.ndc11}</ProductCode></DrugCoded>
      <Quantity><Value>${about.quantity ?? '30'}</Value></Quantity>${about.daysSupply === '' ? '' : `<DaysSupply>${about.daysSupply ?? '30'}</DaysSupply>`}<WrittenDate><Date>${about.issued ?? today}</Date></WrittenDate><Substitutions>0</Substitutions><NumberOfRefills>${about.refills ?? 1}</NumberOfRefills>
      <Sig><SigText>${about.sig ?? 'Take 1 tablet by mouth &amp; with water.'}</SigText></Sig>${about.extra ?? ''}</MedicationPrescribed>
  </NewRx></Body>
</Message>`
const script = (xml: string, options?: Parameters<typeof post>[2]) => post('/erx/script', xml, options)
const byMessage = async (messageId: string): Promise<string> => (await subgraph.sql<{ id: string }>('select id from prescription where message_id = $1', [messageId]))[0]?.id ?? ''
const answerOf = (xml: string): { code: string; text: string; relatesTo: string } => ({
  code: /<Code>(\d+)</.exec(xml)?.[1] ?? '', text: /<(?:Description|Note|DenialReason)>([^<]*)</.exec(xml)?.[1] ?? '', relatesTo: /<RelatesToMessageID>([^<]*)</.exec(xml)?.[1] ?? '',
})

test('S32 S56 a complete NewRx is answered 010, matched by two hashes of the patient, and stands before the pharmacists without a technician', async () => {
  const patient = await registerPatient({ family: "O'Brien-Núñez", given: 'María' })
  const messageId = newId()
  // spelling, case and the form of the telephone number are the sender's
  const { status, text } = await script(newRx({ family: 'OBrien Nunez', given: 'MARIA', dateOfBirth: patient.dateOfBirth, phone: `+1 (${patient.phone.slice(0, 3)}) ${patient.phone.slice(3, 6)}-${patient.phone.slice(6)}` }, { messageId }))
  assert.equal(status, 200)
  assert.deepEqual([answerOf(text).code, answerOf(text).relatesTo], ['010', messageId])
  const id = await byMessage(messageId)
  await untilPrescription(id, 'CLINICAL_REVIEW')
  const { prescription } = await subgraph.data(nora, 'query ($id: ID!) { prescription(id: $id) { source sig daysSupply patient { id } prescriber { id } drug { id } contentHash history { verb actorRole } } }', { id })
  assert.deepEqual([prescription.source, prescription.patient.id, prescription.prescriber.id, prescription.drug.id], ['NCPDP_SCRIPT', patient.id, elena.practitionerId, lisinopril.drugId])
  assert.equal(prescription.sig, 'Take 1 tablet by mouth & with water.')
  const [event] = (await subgraph.emitted('prescriptions.prescription-received.v1')).filter(({ prescriptionId }) => prescriptionId === id)
  assert.equal(event?.contentHash, prescription.contentHash)
})

test('a NewRx sent again, even twice at once, gets the same answer and makes one prescription; its id over another body is refused', async () => {
  const patient = await registerPatient()
  const messageId = newId()
  const xml = newRx(patient, { messageId })
  const answers = await Promise.all([script(xml), script(xml), script(xml)])
  assert.deepEqual(new Set(answers.map(({ text }) => text)).size, 1)
  assert.equal((await subgraph.sql('select 1 from prescription where message_id = $1', [messageId])).length, 1)
  const other = answerOf((await script(newRx(patient, { messageId, quantity: '90' }))).text)
  assert.deepEqual([other.code, /used before/.test(other.text)], ['900', true])
})

test('a message that is not signed by the network, or long ago, is not even read', async () => {
  const xml = newRx(await registerPatient())
  const wrong = await script(xml, { headers: { 'x-erx-signature': 'v1=00' } })
  assert.deepEqual([wrong.status, JSON.parse(wrong.text).code], [401, 'BAD_SIGNATURE'])
  const old = await script(xml, { headers: { 'x-erx-timestamp': String(Math.floor(Date.now() / 1000) - 301) } })
  assert.equal(old.status, 401)
})

test('XML with a document type, with entities, broken, or too large is refused with Error 900', async () => {
  const bodies = ['<!DOCTYPE Message [<!ENTITY x SYSTEM "file:///etc/passwd">]><Message>&x;</Message>', '<Message><Header>', '', `<Message>${'x'.repeat(600_000)}</Message>`, '<Message><Header/><Body/></Message>', '<Message><Header><MessageID>a\0b</MessageID></Header><Body><NewRx/></Body></Message>']
  for (const body of bodies) {
    const { status, text } = await script(body)
    assert.ok(status === 400 || status === 413, `${status}`)
    assert.equal(answerOf(text).code, '900')
  }
})

test('a NewRx that no rule allows, or that lacks what a prescription must say, is refused in words a pharmacist understands', async () => {
  const patient = await registerPatient()
  const refused: [NewRx, RegExp][] = [
    [{ ndc: oxycodone.ndc11, text: 'Oxycodone 10 MG Oral Tablet', refills: 1, dea: 'FP9902013' }, /schedule II prescription has no refills.*21 CFR 1306\.12\(a\)/],
    [{ npi: '1234567890' }, /NPI/],
    [{ quantity: '0' }, /quantity/],
    [{ issued: addDays(today, -400) }, /ended on/],
    [{ issued: addDays(today, 5) }, /future/],
    [{ version: '010006' }, /version/],
  ]
  for (const [about, reason] of refused) {
    const { code, text } = answerOf((await script(newRx(patient, about))).text)
    assert.equal(code, '900', text)
    assert.match(text.replaceAll('&apos;', "'"), reason)
  }
})

test('what a message says twice, in numbers that are none, or in ways that would be lost is refused, never guessed at', async () => {
  const patient = await registerPatient()
  const xml = newRx(patient)
  const value = '<Quantity><Value>30</Value></Quantity>'
  const refused: [string, RegExp][] = [
    [xml.replace('</MedicationPrescribed>', '</MedicationPrescribed><MedicationPrescribed><DrugDescription>Warfarin</DrugDescription></MedicationPrescribed>'), /MedicationPrescribed more than once/],
    [xml.replace(value, value + value.replace('30', '300')), /Quantity more than once/],
    [xml.replace('<Header>', '<Header><MessageID>another</MessageID></Header><Header>'), /Header more than once/],
    [xml.replace('<MessageID>', '<MessageID>another</MessageID><MessageID>'), /MessageID more than once/],
    [xml.replace('</Message>', '<Body><CancelRx/></Body></Message>'), /Body more than once/],
    [xml.replace(/<NumberOfRefills>.*?</, '<NumberOfRefills>PRN<'), /number of refills is no number/],
    [xml.replace('<Substitutions>0<', '<Substitutions>Y<'), /substitution .* is no number/],
    [xml.replace('</ProductCode>', '</ProductCode><DEASchedule><Code>C99999</Code></DEASchedule>'), /no code of a DEA schedule/],
    [xml.replace(value, '<Quantity><Value>1</Value><QuantityUnitOfMeasure><Code>C48477</Code></QuantityUnitOfMeasure></Quantity>'), /dispensing units/],
    [xml.replace(value, '<Quantity><Value>1</Value><CodeListQualifier>QS</CodeListQualifier></Quantity>'), /qualified as QS/],
    [newRx(patient, { extra: '<CompoundInformation><FinalCompoundPharmaceuticalDosageForm>C42966</FinalCompoundPharmaceuticalDosageForm></CompoundInformation>' }), /compounded drug/],
  ]
  for (const [body, reason] of refused) {
    assert.notEqual(body, xml)
    const { code, text } = answerOf((await script(body.replace(/<MessageID>[0-9a-f-]{36}/, `<MessageID>${newId()}`))).text)
    assert.deepEqual([code, reason.test(text.replaceAll('&quot;', '"').replaceAll('&apos;', "'"))], ['900', true], text)
  }
  assert.equal((await subgraph.sql('select 1 from prescription where patient_id = $1', [patient.id])).length, 0)
})

test('a message is read in the encoding it names, in the namespace of SCRIPT only, and no depth or name of elements breaks the reader', async () => {
  const patient = await registerPatient({ family: 'Núñez', given: 'María' })
  const send = async (body: Buffer | string) => {
    const raw = Buffer.from(body as string)
    const timestamp = String(Math.floor(clock.now().getTime() / 1000))
    const response = await fetch(new URL('/erx/script', subgraph.url), { method: 'POST', body: new Uint8Array(raw), headers: { 'content-type': 'application/xml', 'x-erx-timestamp': timestamp, 'x-erx-signature': erxSignature(webhookSecret, timestamp, raw) } })
    return { status: response.status, ...answerOf(await response.text()) }
  }
  const matched = async (messageId: string) => (await subgraph.sql<{ patient_id: string | null }>('select patient_id from prescription where message_id = $1', [messageId]))[0]?.patient_id
  for (const [declared, encoding] of [['ISO-8859-1', 'latin1'], ['UTF-8', 'utf8'], ['UTF-16', 'utf16le']] as const) {
    const messageId = newId()
    const text = newRx(patient, { messageId, sig: `Take one daily. ${messageId}` }).replace('encoding="UTF-8"', `encoding="${declared}"`)
    const { code } = await send(encoding === 'utf16le' ? Buffer.concat([Buffer.from('fffe', 'hex'), Buffer.from(text, encoding)]) : Buffer.from(text, encoding))
    assert.deepEqual([code, await matched(messageId)], ['010', patient.id], declared)
  }
  // names in Latin-1 that call themselves UTF-8 belong to nobody
  const refused = [
    Buffer.from(newRx(patient), 'latin1'), newRx(patient).replace('encoding="UTF-8"', 'encoding="EBCDIC-US"'), newRx(patient).replace('http://www.ncpdp.org/schema/SCRIPT', 'http://example.com/other'),
    newRx(patient, { extra: `${'<a>'.repeat(200)}${'</a>'.repeat(200)}` }), newRx(patient, { extra: '<__proto__><x/></__proto__>' }),
  ]
  for (const body of refused) {
    const { status, code } = await send(body)
    assert.deepEqual([status, code], [400, '900'])
  }
  const prefixed = newRx(patient).replace(/<(\/?)(?=[A-Z])/g, '<$1s:').replace('xmlns=', 'xmlns:s=')
  assert.equal((await send(prefixed)).code, '010')
})

test('every NewRx sample of others is imported, or refused with a reason', { skip: samplesOf('ncpdp') }, async () => {
  const folder = resolve(samples, 'ncpdp')
  for (const file of readdirSync(folder).filter((name) => name.startsWith('newrx'))) {
    const { code, text } = answerOf((await script(readFileSync(`${folder}/${file}`, 'utf8'))).text)
    assert.ok(code === '010' || (code === '900' && text.length > 20), `${file}: ${code} ${text}`)
  }
  // the same samples with an NPI that could exist: what is complete comes in, and waits for a technician
  for (const file of ['newrx-basic.xml', 'newrx-coded-and-strength.xml']) {
    const xml = readFileSync(`${folder}/${file}`, 'utf8').replace(/<NPI>1[78]\d{8}</, `<NPI>${npis.elena}<`).replace('SYNTH-MSG', 'CORRECTED-MSG')
    const { code, text } = answerOf((await script(xml)).text)
    assert.equal(code, '010', `${file}: ${text}`)
    const id = await byMessage(/<MessageID>([^<]*)</.exec(xml)![1]!)
    await untilPrescription(id, 'DATA_ENTRY')
  }
})

test('S16 S83 a controlled prescription with a DEA number that is another prescriber’s is not verified, a suffix is no difference', async () => {
  const lorazepam = await publishDrug({ genericName: 'lorazepam', deaSchedule: 'CIV' })
  const missing = async (dea: string) => {
    const patient = await registerPatient()
    const messageId = newId()
    await script(newRx(patient, { messageId, ndc: lorazepam.ndc11, text: 'Lorazepam 10 MG Oral Tablet', refills: 0, dea }))
    const id = await byMessage(messageId)
    await untilPrescription(id, 'CLINICAL_REVIEW')
    const outcome = await act(nora, 'verifyPrescription', held(await claimFor(nora, 'VERIFICATION', id)))
    return outcome['missing'] ?? outcome['prescription'].status
  }
  assert.deepEqual(await missing('BB1388568'), ['the DEA number written is not the one the prescriber is registered with: ask the prescriber'])
  assert.equal(await missing('FP9902013'), 'VERIFIED')
})

test('what a message lacks is added by a technician, and the data then moves under the key of the patient', async () => {
  const patient = await registerPatient()
  const messageId = newId()
  await script(newRx({ ...patient, family: 'Misspelt' }, { messageId, daysSupply: '' }))
  const id = await byMessage(messageId)
  await untilPrescription(id, 'DATA_ENTRY')
  const claim = await claimFor(tom, 'DATA_ENTRY', id)
  assert.equal((await act(tom, 'completeDataEntry', { ...held(claim), patientId: newId() }))['field'], 'patientId')
  assert.equal((await act(tom, 'completeDataEntry', { ...held(claim), patientId: patient.id }))['field'], 'daysSupply')
  assert.equal((await act(tom, 'completeDataEntry', { ...held(claim), patientId: patient.id, daysSupply: 30 }))['prescription'].status, 'CLINICAL_REVIEW')
  const [row] = await subgraph.sql<{ sealed_for: string }>('select sealed_for from prescription where id = $1', [id])
  const [raw] = await subgraph.sql<{ sealed_for: string }>('select sealed_for from intake_message where prescription_id = $1', [id])
  assert.deepEqual([row?.sealed_for, raw?.sealed_for], [patient.id, patient.id])
  await itemOf('VERIFICATION', id)
})

test('who entered the data is not given the same prescription to verify', async () => {
  const patient = await registerPatient()
  const messageId = newId()
  await script(newRx({ ...patient, family: 'Misspelt' }, { messageId }))
  const id = await byMessage(messageId)
  const claim = await claimFor(ken, 'DATA_ENTRY', id)
  await act(ken, 'completeDataEntry', { ...held(claim), patientId: patient.id })
  const item = await itemOf('VERIFICATION', id)
  await subgraph.sql('update work_item set priority = 1 where id = $1', [item])
  const next = await subgraph.data(ken, 'mutation { claimNextWorkItem(input: { queue: VERIFICATION }) { token item { id } } }')
  assert.notEqual(next.claimNextWorkItem?.item.id, item)
  if (next.claimNextWorkItem) await subgraph.data(ken, 'mutation ($i: HeldWorkItemInput!) { releaseWorkItem(input: $i) { __typename } }', { i: { workItemId: next.claimNextWorkItem.item.id, token: next.claimNextWorkItem.token } })
  const forced = await subgraph.graph({ ...grace, subject: ken.subject }, 'mutation ($id: ID!) { claimWorkItem(input: { workItemId: $id }) { token } }', { id: item })
  assert.equal(forced.errors?.[0]?.extensions['code'], 'SEPARATION_OF_DUTIES')
  assert.equal((await act(nora, 'verifyPrescription', held(await claimFor(nora, 'VERIFICATION', id))))['prescription'].status, 'VERIFIED')
})

test('a patient who registers after the message is matched then, and no technician is needed', async () => {
  const messageId = newId()
  const person = { family: 'Latecomer', given: 'Lou', dateOfBirth: '1980-05-06', phone: '5105550199', email: 'lou@example.test' }
  await script(newRx(person, { messageId }))
  const id = await byMessage(messageId)
  await untilPrescription(id, 'DATA_ENTRY')
  const patient = await registerPatient(person)
  await untilPrescription(id, 'CLINICAL_REVIEW')
  assert.equal((await subgraph.sql<{ patient_id: string }>('select patient_id from prescription where id = $1', [id]))[0]?.patient_id, patient.id)
  assert.deepEqual((await subgraph.sql('select status from work_item where prescription_id = $1 order by id', [id])).map(({ status }) => status), ['WITHDRAWN', 'AVAILABLE'])
})

test('people of one household with the same telephone and birthday are not taken for each other', async () => {
  const twin = await registerPatient({ family: 'Zwilling', given: 'Anna', dateOfBirth: '2001-01-01', phone: '4155557777' })
  const messageId = newId()
  await script(newRx({ ...twin, given: 'Berta' }, { messageId }))
  const id = await byMessage(messageId)
  await untilPrescription(id, 'DATA_ENTRY')
  assert.equal((await subgraph.sql<{ patient_id: string | null }>('select patient_id from prescription where id = $1', [id]))[0]?.patient_id, null)
})

test('the same prescription under another message is a duplicate, and waits for nobody', async () => {
  const patient = await registerPatient()
  const [first, second] = [newId(), newId()]
  await script(newRx(patient, { messageId: first }))
  await untilPrescription(await byMessage(first), 'CLINICAL_REVIEW')
  await script(newRx(patient, { messageId: second }))
  const id = await byMessage(second)
  await untilPrescription(id, 'DUPLICATE')
  assert.equal((await subgraph.sql('select 1 from work_item where prescription_id = $1', [id])).length, 0)
})

const cancelRx = (about: { order?: string; relatesTo?: string; npi?: string; messageId?: string }): string => `<Message version="2017071"><Header><From>CLINIC</From><MessageID>${about.messageId ?? newId()}</MessageID>
  ${about.relatesTo ? `<RelatesToMessageID>${about.relatesTo}</RelatesToMessageID>` : ''}${about.order ? `<PrescriberOrderNumber>${about.order}</PrescriberOrderNumber>` : ''}</Header>
  <Body><CancelRx><RequestReferenceNumber>R1</RequestReferenceNumber><Prescriber><NonVeterinarian><Identification><NPI>${about.npi ?? npis.elena}</NPI></Identification></NonVeterinarian></Prescriber></CancelRx></Body></Message>`

test('CancelRx takes a prescription back before its review, withdraws the work, and is answered the same when sent again', async () => {
  const patient = await registerPatient()
  const [messageId, orderNumber] = [newId(), newId()]
  await script(newRx(patient, { messageId, order: orderNumber }))
  const id = await byMessage(messageId)
  await untilPrescription(id, 'CLINICAL_REVIEW')
  const stranger = await script(cancelRx({ order: orderNumber, npi: npis.samuel }))
  assert.match(stranger.text, /<CancelRxResponse>.*<Denied>/)
  const xml = cancelRx({ order: orderNumber })
  const [one, two] = [await script(xml), await script(xml)]
  assert.match(one.text, /<CancelRxResponse>.*<Approved>/)
  assert.equal(one.text, two.text)
  assert.equal(await statusOf(id), 'CANCELLED')
  assert.deepEqual((await subgraph.sql('select status from work_item where prescription_id = $1', [id])).map(({ status }) => status), ['WITHDRAWN'])
})

test('CancelRx of a verified prescription ends it and blocks the fill under way; of a dispensed one it is denied', async () => {
  const patient = await registerPatient()
  const verify = async (about: NewRx): Promise<string> => {
    const messageId = newId()
    await script(newRx(patient, { ...about, messageId }))
    const id = await byMessage(messageId)
    assert.equal((await act(nora, 'verifyPrescription', held(await claimFor(nora, 'VERIFICATION', id))))['prescription']?.status, 'VERIFIED')
    return id
  }
  const orderNumber = newId()
  const id = await verify({ order: orderNumber })
  const fill = await order(id, patient.id, lisinopril.drugId)
  assert.match((await script(cancelRx({ order: orderNumber }))).text, /<Approved>/)
  assert.equal(await statusOf(id), 'DISCONTINUED')
  const [blocked] = (await subgraph.emitted('prescriptions.fill-blocked.v1')).filter(({ fillId }) => fillId === fill.id)
  assert.equal(blocked?.reasonCode, 'CANCELLED_BY_PRESCRIBER')

  const dispensedOrder = newId()
  const dispensed = await verify({ order: dispensedOrder, refills: 0, quantity: '30' })
  await act(ken, 'releaseFill', { fillId: (await packed(dispensed, patient.id, lisinopril)).id })
  assert.match((await script(cancelRx({ order: dispensedOrder }))).text, /<Denied><DenialReason>Everything prescribed was dispensed/)
})

test('a dispensed e-prescription is told to the network as RxFill, once more when the network was away', async () => {
  const patient = await registerPatient()
  const messageId = newId()
  await script(newRx(patient, { messageId }))
  const id = await byMessage(messageId)
  await act(nora, 'verifyPrescription', held(await claimFor(nora, 'VERIFICATION', id)))
  network.refuseNext = 2
  const fill = await packed(id, patient.id, lisinopril)
  await act(ken, 'releaseFill', { fillId: fill.id })
  const xml = await eventually(() => network.messages.find((message) => message.includes(`RXFILL-${fill.id}`)), { what: 'RxFill' })
  assert.match(xml, /<RxFill>.*<Dispensed>/)
  assert.match(xml, new RegExp(`<RelatesToMessageID>${messageId}<`))
})

test('a question to the prescriber goes out over the network and its answer brings the prescription back to review', async () => {
  const patient = await registerPatient()
  const messageId = newId()
  await script(newRx(patient, { messageId }))
  const id = await byMessage(messageId)
  const asked = await act(nora, 'requestClarification', { ...held(await claimFor(nora, 'VERIFICATION', id)), question: 'Is "once" <daily> meant?' })
  assert.equal(asked['prescription'].status, 'CLARIFICATION')
  const xml = await eventually(() => network.messages.find((message) => message.includes('<RxChangeRequest>') && message.includes(messageId)), { what: 'RxChangeRequest' })
  assert.match(xml, /Is &quot;once&quot; &lt;daily&gt; meant\?/)
  const question = /<MessageID>([^<]*)</.exec(xml)![1]!
  const reply = (outcome: string, relatesTo = question) => `<Message version="2017071"><Header><From>CLINIC</From><MessageID>${newId()}</MessageID><RelatesToMessageID>${relatesTo}</RelatesToMessageID></Header><Body><RxChangeResponse><Response><${outcome}><Note>Yes, once daily.</Note></${outcome}></Response></RxChangeResponse></Body></Message>`
  assert.equal(answerOf((await script(reply('Validated', 'unknown'))).text).code, '900')
  assert.equal(answerOf((await script(reply('Validated'))).text).code, '010')
  assert.equal(await statusOf(id), 'CLINICAL_REVIEW')
  const { prescription } = await subgraph.data(nora, 'query ($id: ID!) { prescription(id: $id) { statusReason { code message } } }', { id })
  assert.match(prescription.statusReason.message, /Yes, once daily/)
  await itemOf('VERIFICATION', id)
})

test('S36 an EPCS status is written into the history once, and only with a good signature', async () => {
  const patient = await registerPatient()
  const messageId = newId()
  await script(newRx(patient, { messageId }))
  const id = await byMessage(messageId)
  const event = JSON.stringify({ id: newId(), type: 'epcs.status', messageId, status: 'SIGNATURE_VERIFIED', occurredAt: new Date().toISOString() })
  const json = { contentType: 'application/json' }
  const [one, two] = [await post('/webhooks/epcs/status', event, json), await post('/webhooks/epcs/status', event, json)]
  assert.deepEqual([one.status, two.status, one.text], [200, 200, two.text])
  assert.equal((await post('/webhooks/epcs/status', event, { ...json, headers: { 'x-erx-signature': 'v1=no' } })).status, 401)
  // kept for when the prescription comes
  assert.equal((await post('/webhooks/epcs/status', JSON.stringify({ id: newId(), status: 'X', messageId: 'unknown' }), json)).status, 202)
  const { prescription } = await subgraph.data(nora, 'query ($id: ID!) { prescription(id: $id) { history { verb reason } } }', { id })
  assert.deepEqual(prescription.history.filter(({ verb }: { verb: string }) => verb === 'networkStatus'), [{ verb: 'networkStatus', reason: 'SIGNATURE_VERIFIED' }])
})

const fhir = async (body: unknown, actor = partner, path = '/fhir/R4/MedicationRequest') => {
  const answer = await post(path, JSON.stringify(body), { contentType: 'application/fhir+json', headers: await subgraph.headersFor(actor) })
  return { ...answer, resource: JSON.parse(answer.text) }
}
const person = ({ family, given, dateOfBirth, email }: KnownPatient) => ({ resourceType: 'Patient', name: [{ family, given: [given] }], birthDate: dateOfBirth, telecom: [{ system: 'email', value: email.toUpperCase() }] })
const practitioner = { resourceType: 'Practitioner', identifier: [{ system: 'http://hl7.org/fhir/sid/us-npi', value: npis.elena }] }
const coded = { medicationCodeableConcept: { coding: [{ system: 'http://hl7.org/fhir/sid/ndc', code: lisinopril.ndc }], text: 'Lisinopril 10 MG Oral Tablet' } }
const request = (about: object = {}) => ({
  resourceType: 'MedicationRequest', status: 'active', intent: 'order', identifier: [{ system: 'urn:clinic', value: newId() }], ...coded,
  subject: { reference: '#patient' }, requester: { reference: '#prescriber' }, authoredOn: today, dosageInstruction: [{ text: 'Take one daily' }],
  dispenseRequest: { numberOfRepeatsAllowed: 3, quantity: { value: 90 }, expectedSupplyDuration: { value: 90, code: 'd' } }, ...about,
})
const contained = (patient: KnownPatient) => [{ ...person(patient), id: 'patient' }, { ...practitioner, id: 'prescriber' }]

test('S87 a MedicationRequest of a partner becomes a prescription, once per identifier, coded or contained', async () => {
  const patient = await registerPatient()
  for (const medication of [coded, { medicationCodeableConcept: undefined, medicationReference: { reference: '#drug' } }]) {
    const body = request({ ...medication, contained: [...contained(patient), { resourceType: 'Medication', id: 'drug', code: { text: 'lisinopril 10 mg oral tablet' } }], dispenseRequest: { quantity: { value: 'medicationReference' in medication ? 60 : 90 }, expectedSupplyDuration: { value: 4, code: 'wk' } } })
    const [one, two] = [await fhir(body), await fhir(body)]
    assert.equal(one.status, 201, one.text)
    assert.equal(one.resource.id, two.resource.id)
    await untilPrescription(one.resource.id, 'CLINICAL_REVIEW')
    const { prescription } = await subgraph.data(nora, 'query ($id: ID!) { prescription(id: $id) { source daysSupply drug { id } patient { id } } }', { id: one.resource.id })
    assert.deepEqual(prescription, { source: 'FHIR', daysSupply: 28, drug: { id: lisinopril.drugId }, patient: { id: patient.id } })
  }
})

test('S87 a Bundle names its resources by urn:uuid; a transaction is all or nothing, a collection entry by entry', async () => {
  const patient = await registerPatient()
  const [p, d, m] = [newId(), newId(), newId()].map((id) => `urn:uuid:${id}`)
  const inBundle = (about: object = {}) => request({ subject: { reference: p }, requester: { reference: d }, medicationCodeableConcept: undefined, medicationReference: { reference: m }, ...about })
  const bundle = (type: string, ...requests: object[]) => ({
    resourceType: 'Bundle', type,
    entry: [
      { fullUrl: p, resource: person(patient) }, { fullUrl: d, resource: practitioner }, { fullUrl: m, resource: { resourceType: 'Medication', code: coded.medicationCodeableConcept } },
      { resource: { resourceType: 'Observation' } }, ...requests.map((resource) => ({ resource })),
    ],
  })
  const whole = await fhir(bundle('transaction', inBundle(), inBundle({ status: 'stopped' })), partner, '/fhir/R4')
  assert.equal(whole.status, 200, whole.text)
  // one answer for each entry, in order
  assert.deepEqual(whole.resource.entry.map(({ response }: { response: { status: string } }) => response.status), ['200', '200', '200', '200', '201', '200'])
  const location = whole.resource.entry[4].response.location
  assert.match(location, /^\/fhir\/R4\/MedicationRequest\/[0-9a-f-]{36}$/)
  const read = async (actor = partner) => {
    const response = await fetch(new URL(location, subgraph.url), { headers: await subgraph.headersFor(actor) })
    return { status: response.status, resource: (await response.json()) as Record<string, any> }
  }
  const { status, resource } = await read()
  assert.deepEqual([status, resource['status'], resource['dispenseRequest'].numberOfRepeatsAllowed, resource['medicationCodeableConcept'].text], [200, 'active', 3, 'Lisinopril 10 MG Oral Tablet'])
  assert.deepEqual([(await read(actorWith('partner'))).status, (await read(patient.actor)).status, (await read(elena)).status, (await read(nora)).status], [404, 200, 200, 200])

  const good = inBundle({ dosageInstruction: [{ text: 'Take two daily' }] })
  const bad = inBundle({ dosageInstruction: [] })
  const refused = await fhir(bundle('transaction', good, bad), partner, '/fhir/R4')
  assert.deepEqual([refused.status, refused.resource.resourceType], [400, 'OperationOutcome'])
  assert.equal((await subgraph.sql('select 1 from prescription where prescriber_order_number = $1', [good.identifier[0]!.value])).length, 0)
  const each = await fhir(bundle('collection', good, bad))
  assert.deepEqual(each.resource.entry.map(({ response }: { response: { status: string } }) => response.status), ['200', '200', '200', '200', '201', '400'])
})

test('a partner who knows our patient id needs no demographics', async () => {
  const patient = await registerPatient()
  const { status, resource } = await fhir(request({ subject: { identifier: { system: 'urn:pharmagraph:patient', value: patient.id } }, contained: [{ ...practitioner, id: 'prescriber' }] }))
  assert.equal(status, 201)
  await untilPrescription(resource.id, 'CLINICAL_REVIEW')
})

test('what is no order, what is incomplete, and who may not send is refused with an OperationOutcome', async () => {
  const patient = await registerPatient()
  const refusal = async (about: object, actor = partner) => {
    const { status, resource } = await fhir(request({ contained: contained(patient), ...about }), actor)
    assert.equal(resource.resourceType, 'OperationOutcome')
    return [status, resource.issue[0].code, resource.issue[0].expression?.[0]]
  }
  assert.deepEqual(await refusal({ intent: 'plan' }), [400, 'invalid', 'MedicationRequest.status'])
  assert.deepEqual(await refusal({ requester: undefined }), [400, 'invalid', 'MedicationRequest.requester'])
  assert.deepEqual(await refusal({ dosageInstruction: [{ text: 'half a character: \ud83d' }] }), [400, 'invalid', 'content'])
  assert.deepEqual(await refusal({ dispenseRequest: {} }), [400, 'invalid', 'MedicationRequest.dispenseRequest.quantity'])
  assert.deepEqual(await refusal({ medicationCodeableConcept: { coding: [{ system: 'http://hl7.org/fhir/sid/ndc', code: oxycodone.ndc }], text: 'oxycodone' } }), [422, 'business-rule', 'refills'])
  assert.deepEqual(await refusal({}, actorWith('patient')), [403, 'forbidden', undefined])
  assert.deepEqual(await refusal({}, actorWith('prescriber', { practitionerId: newId() })), [403, 'forbidden', undefined])
})

test('the FHIR samples of others come in or are refused with a reason', { skip: samplesOf('fhir') }, async () => {
  const inFolder = (folder: string) => readdirSync(resolve(samples, folder)).map((name) => resolve(samples, folder, name))
  const requests = inFolder('fhir/us-core').filter((path) => path.includes('medicationrequest'))
  for (const file of [...requests, ...inFolder('fhir/synthea/bundles').slice(0, 3)]) {
    const { status, resource } = await fhir(JSON.parse(readFileSync(file, 'utf8')), partner, '/fhir/R4')
    const said = resource.resourceType === 'OperationOutcome' ? resource.issue[0].diagnostics : resource.entry?.length
    assert.ok(status < 500 && said, `${file}: ${status} ${JSON.stringify(resource).slice(0, 200)}`)
  }
})

test('the rows of a prescription show no word of patient, drug text or directions', async () => {
  const patient = await registerPatient({ family: 'Findmenot' })
  const messageId = newId()
  await script(newRx(patient, { messageId, sig: 'Take SECRETSIG daily.', extra: '<Note>SECRETNOTE</Note>' }))
  await untilPrescription(await byMessage(messageId), 'CLINICAL_REVIEW')
  for (const table of ['prescription', 'intake_message', 'outbox', 'transition', 'clinical_alert', 'work_item']) {
    const rows = JSON.stringify(await subgraph.sql(`select * from ${table}`))
    for (const secret of ['Findmenot', 'SECRETSIG', 'SECRETNOTE', patient.phone, patient.email]) assert.ok(!rows.includes(secret), `${table} shows ${secret}`)
  }
})

test('C13 S57 S83 a prescription altered in the database is not verified', async () => {
  const patient = await registerPatient()
  const messageId = newId()
  await script(newRx(patient, { messageId, refills: 1 }))
  const id = await byMessage(messageId)
  await untilPrescription(id, 'CLINICAL_REVIEW')
  await subgraph.sql('update prescription set refills_authorized = 4 where id = $1', [id])
  const outcome = await act(nora, 'verifyPrescription', held(await claimFor(nora, 'VERIFICATION', id)))
  assert.deepEqual([outcome.__typename, outcome['code']], ['TransitionRefused', 'CONTENT_ALTERED'])
  assert.equal((await act(nora, 'rejectPrescription', { ...held(await claimFor(nora, 'VERIFICATION', id)), reasonCode: 'INVALID_PRESCRIPTION', text: 'altered' }))['prescription'].status, 'REJECTED')
})
