import { test } from 'node:test'
import assert from 'node:assert/strict'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { clock, newId } from '@pharmagraph/platform'
import { eventually } from '../../../tests/environment.ts'
import { act, claimFor, held, itemOf, ken, network, nora, npis, packed, post, publishDrug, registerPatient, statusOf, subgraph, untilPrescription, type KnownPatient } from './pharmacy.ts'

const samples = process.env['REAL_DATA_DIR'] ?? resolve(import.meta.dirname, '../../../../shared/data')
const lisinopril = await publishDrug({ genericName: 'lisinopril' })

const message = (body: string, { version = '2017071', id = newId() as string, relatesTo = '', extra = '' } = {}): string =>
  `<?xml version="1.0" encoding="UTF-8"?><Message xmlns="http://www.ncpdp.org/schema/SCRIPT" version="${version}"><Header><To>PHARMAGRAPH</To><From>CLINIC</From><MessageID>${id}</MessageID>${relatesTo && `<RelatesToMessageID>${relatesTo}</RelatesToMessageID>`}${extra}</Header><Body>${body}</Body></Message>`
const medication = ({ sig = 'Take 1 tablet daily.', quantity = 30 } = {}): string =>
  `<MedicationPrescribed><DrugDescription>Lisinopril 10 MG Oral Tablet</DrugDescription><DrugCoded><ProductCode Qualifier="ND">${lisinopril.ndc11}</ProductCode></DrugCoded><Quantity><Value>${quantity}</Value></Quantity><DaysSupply>30</DaysSupply><WrittenDate><Date>${clock.today()}</Date></WrittenDate><NumberOfRefills>1</NumberOfRefills><Sig><SigText>${sig}</SigText></Sig></MedicationPrescribed>`
const newRx = (patient: KnownPatient, drug = medication()): string => `<NewRx><Patient><HumanPatient><Name><LastName>${patient.family}</LastName><FirstName>${patient.given}</FirstName></Name><DateOfBirth><Date>${patient.dateOfBirth}</Date></DateOfBirth>
  <CommunicationNumbers><PrimaryTelephone><Number>${patient.phone}</Number></PrimaryTelephone></CommunicationNumbers></HumanPatient></Patient><Prescriber><NonVeterinarian><Identification><NPI>${npis.elena}</NPI></Identification></NonVeterinarian></Prescriber>${drug}</NewRx>`
const send = async (xml: string) => {
  const { status, text } = await post('/erx/script', xml)
  const found = (pattern: RegExp): string => pattern.exec(text)?.[1] ?? ''
  return { status, text, type: found(/<Body><(\w+)/), code: found(/<Code>(\d+)</), version: found(/version="(\d+)"/), said: found(/<(?:Description|Note|DenialReason)>([^<]*)</) }
}
const byMessage = async (id: string): Promise<string> => (await subgraph.sql<{ id: string }>('select id from prescription where message_id = $1', [id]))[0]?.id ?? ''

/** A prescription that waits for its prescriber, and the id of our question. */
async function asked(patient: KnownPatient, version = '2017071'): Promise<{ id: string; question: string; xml: string }> {
  const messageId = newId()
  await send(message(newRx(patient, medication({ sig: `Take 1 tablet daily ${newId()}.` })), { id: messageId, version }))
  const id = await byMessage(messageId)
  await act(nora, 'requestClarification', { ...held(await claimFor(nora, 'VERIFICATION', id)), question: 'Once daily?' })
  const xml = await eventually(() => network.messages.find((each) => each.includes('<RxChangeRequest>') && each.includes(messageId)), { what: 'RxChangeRequest' })
  return { id, question: /<MessageID>([^<]*)</.exec(xml)![1]!, xml }
}
const historyOf = async (id: string): Promise<{ verb: string; reason: string | null }[]> =>
  (await subgraph.data(nora, 'query ($id: ID!) { prescription(id: $id) { history { verb reason } } }', { id })).prescription.history

test('both versions of SCRIPT are read, and each sender is answered and written to in its own', async () => {
  for (const version of ['2017071', '2023011']) {
    const patient = await registerPatient()
    const messageId = newId()
    const answer = await send(message(newRx(patient), { id: messageId, version }))
    assert.deepEqual([answer.type, answer.code, answer.version], ['Status', '010', version])
    const id = await byMessage(messageId)
    await act(nora, 'verifyPrescription', held(await claimFor(nora, 'VERIFICATION', id)))
    const fill = await packed(id, patient.id, lisinopril)
    await act(ken, 'releaseFill', { fillId: fill.id })
    const xml = await eventually(() => network.messages.find((each) => each.includes(`RXFILL-${fill.id}`)), { what: 'RxFill' })
    assert.match(xml, new RegExp(`version="${version}".*<RxFill>.*<Dispensed>`))
    assert.match((await asked(patient, version)).xml, new RegExp(`version="${version}".*<RxChangeRequest>`))
  }
  assert.deepEqual([(await send(message('<NewRx/>', { version: '10.6' }))).code, (await send(message('<NewRx/>', { version: '10.6' }))).said.slice(0, 19)], ['900', 'SCRIPT version 10.6'])
})

test('who wants a receipt gets Verify, the others Status', async () => {
  const answer = await send(message(newRx(await registerPatient()), { extra: '<ReturnReceipt>1</ReturnReceipt>' }))
  assert.deepEqual([answer.type, answer.code], ['Verify', '010'])
})

test('approved with changes: another prescription comes in with the changes, and the one asked about ends', async () => {
  const patient = await registerPatient()
  const { id, question } = await asked(patient)
  const reply = message(`<RxChangeResponse><Response><ApprovedWithChanges><Note>Two a day.</Note></ApprovedWithChanges></Response>${medication({ sig: 'Take 2 tablets daily.', quantity: 60 })}</RxChangeResponse>`, { relatesTo: question })
  const [one, two] = [await send(reply), await send(reply)]
  assert.deepEqual([one.code, one.text], ['010', two.text])
  const [replacement] = await subgraph.sql<{ id: string; quantity: string; patient_id: string; source: string }>('select id, quantity, patient_id, source from prescription where patient_id = $1 and id <> $2', [patient.id, id])
  assert.deepEqual([Number(replacement!.quantity), replacement!.source, await statusOf(id)], [60, 'NCPDP_SCRIPT', 'CANCELLED'])
  await untilPrescription(replacement!.id, 'CLINICAL_REVIEW')
  const { prescription } = await subgraph.data(nora, 'query ($id: ID!) { prescription(id: $id) { statusReason { code message } } }', { id })
  assert.equal(prescription.statusReason.code, 'REPLACED_BY_PRESCRIBER')
  assert.match(prescription.statusReason.message, /replaced by RX\d+: Two a day\./)
})

test('C13 an answer with changes to a prescription that was altered in the meantime makes no other one', async () => {
  const patient = await registerPatient()
  const { id, question } = await asked(patient)
  await subgraph.sql('update prescription set quantity = 300 where id = $1', [id])
  const reply = await send(message(`<RxChangeResponse><Response><ApprovedWithChanges/></Response>${medication({ sig: 'Take 2 tablets daily.' })}</RxChangeResponse>`, { relatesTo: question }))
  assert.deepEqual([reply.code, /no longer what was submitted/.test(reply.said)], ['900', true])
  assert.deepEqual([await statusOf(id), (await subgraph.sql('select 1 from prescription where patient_id = $1', [patient.id])).length], ['CLARIFICATION', 1])
})

test('approved, validated or denied: the pharmacist looks again, with the answer at hand', async () => {
  for (const [outcome, inner] of [['Approved', '<Note>As you say.</Note>'], ['Validated', '<Note>It is right.</Note>'], ['Denied', '<DenialReason>Not appropriate.</DenialReason>']] as const) {
    const { id, question } = await asked(await registerPatient())
    assert.equal((await send(message(`<RxChangeResponse><Response><${outcome}>${inner}</${outcome}></Response></RxChangeResponse>`, { relatesTo: question }))).code, '010')
    assert.equal(await statusOf(id), 'CLINICAL_REVIEW')
    const { prescription } = await subgraph.data(nora, 'query ($id: ID!) { prescription(id: $id) { statusReason { message } } }', { id })
    assert.match(prescription.statusReason.message, new RegExp(`${outcome}: ${inner.replace(/<[^>]*>/g, '')}`))
    await itemOf('VERIFICATION', id)
  }
})

test('Status, Verify and Error about a message of ours are written into the history; an Error to a question brings it back to the pharmacist', async () => {
  const { id, question } = await asked(await registerPatient())
  for (const body of ['<Status><Code>010</Code><DescriptionCode>000</DescriptionCode><Description>Mrs. Smith, queued.</Description></Status>', '<Verify><Code>010</Code><Description>read</Description></Verify>']) {
    assert.deepEqual([(await send(message(body, { relatesTo: question }))).code, await statusOf(id)], ['010', 'CLARIFICATION'])
  }
  const xml = message('<Error><Code>900</Code><DescriptionCode>008</DescriptionCode><Description>Mrs. Smith is not known.</Description></Error>', { relatesTo: question })
  assert.deepEqual([(await send(xml)).code, (await send(xml)).code, await statusOf(id)], ['010', '010', 'CLINICAL_REVIEW'])
  const history = await historyOf(id)
  // codes only: what people write into a description may say too much
  assert.deepEqual(history.filter(({ verb }) => verb === 'networkStatus').map(({ reason }) => reason), ['Status 010 000', 'Verify 010', 'Error 900 008'])
  const { prescription } = await subgraph.data(nora, 'query ($id: ID!) { prescription(id: $id) { statusReason { code } } }', { id })
  assert.equal(prescription.statusReason.code, 'QUESTION_NOT_DELIVERED')
  await itemOf('VERIFICATION', id)
  assert.equal((await send(message('<Status><Code>010</Code></Status>', { relatesTo: 'nothing of ours' }))).code, '010')
})

test('what only a pharmacy sends, and what nobody sends, is refused in words', async () => {
  for (const type of ['RxFill', 'RxChangeRequest', 'RxRenewalRequest', 'CancelRxResponse']) {
    const { code, said } = await send(message(`<${type}/>`))
    assert.deepEqual([code, said], ['900', `${type} goes from a pharmacy to a prescriber, and this address is a pharmacy`])
  }
  const { code, said } = await send(message('<Resupply/>'))
  assert.equal(code, '900')
  assert.match(said, /^Resupply is not handled here; NewRx, CancelRx, /)
})

test('every SCRIPT sample of others is taken, or refused with a reason', { skip: existsSync(resolve(samples, 'ncpdp')) ? false : 'the samples of ncpdp are not here' }, async () => {
  const folder = resolve(samples, 'ncpdp')
  const files = readdirSync(folder).filter((name) => name.endsWith('.xml'))
  assert.ok(files.length >= 17)
  for (const file of files) {
    const { status, type, code, said } = await send(readFileSync(`${folder}/${file}`, 'utf8'))
    const taken = (type === 'Status' && code === '010') || type === 'CancelRxResponse'
    assert.ok(status === 200 && (taken || (type === 'Error' && code === '900' && said.length > 20)), `${file}: ${status} ${type} ${code} ${said}`)
    if (/^(status|verify|error)-response/.test(file)) assert.ok(taken, file)
  }
})

test('S36 EPCS statuses told in any order, twice, and before the prescription itself end in the same account', async () => {
  const events = [['SIGNED', '10:00'], ['DELIVERED', '10:05'], ['SIGNATURE_VERIFIED', '10:10'], ['ACCEPTED', '10:15']] as const
  const permutations = (items: readonly number[]): number[][] => (items.length < 2 ? [[...items]] : items.flatMap((item, at) => permutations(items.toSpliced(at, 1)).map((rest) => [item, ...rest])))
  const orders = permutations([0, 1, 2, 3])
  assert.equal(orders.length, 24)
  const patient = await registerPatient()
  const ids = await Promise.all(orders.map(async (order, n) => {
    const messageId = newId()
    const come = () => send(message(newRx(patient, medication({ sig: `Take one ${messageId}.` })), { id: messageId }))
    const tell = (index: number) => {
      const [status, time] = events[index]!
      return post('/webhooks/epcs/status', JSON.stringify({ id: `${messageId}-${index}`, type: 'epcs.status', messageId, status, occurredAt: `2026-11-22T${time}:00Z` }), { contentType: 'application/json' })
    }
    // the prescription comes in before, among or after what is told of it; every event comes twice
    const comesAt = n % 5
    for (const [at, index] of order.entries()) {
      if (at === comesAt) await come()
      const [one, two] = [await tell(index), await tell(index)]
      assert.deepEqual([one.status < 300, two.text], [true, one.text])
    }
    if (comesAt === 4) await come()
    return byMessage(messageId)
  }))
  for (const id of ids) {
    const { prescription } = await subgraph.data(nora, 'query ($id: ID!) { prescription(id: $id) { networkStatuses { status at } } }', { id })
    assert.deepEqual(prescription.networkStatuses, events.map(([status, time]) => ({ status, at: `2026-11-22T${time}:00.000Z` })))
  }
})
