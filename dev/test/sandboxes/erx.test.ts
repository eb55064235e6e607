import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import { XMLParser, XMLValidator } from 'fast-xml-parser'
import type { NetworkMessage } from '../../src/sandboxes/erx/network.ts'
import { startErxSandbox, type ErxSandboxOptions } from '../../src/sandboxes/erx/server.ts'
import { eventually, FAST, post, readSample, receiver, temporaryFolder, without } from './support.ts'

const SECRET = 'erx-secret'
const ORDER = {
  patient: {
    firstName: 'Avery', lastName: "O'Neil & Sons", dateOfBirth: '1990-04-12', gender: 'F', phone: '+1 (415) 555-0134',
    address: { line1: '500 Castro Street', line2: 'Apt 4', city: 'Mountain View', state: 'CA', postalCode: '94041' },
  },
  prescriber: { firstName: 'Jordan', lastName: 'Reyes', npi: '1234567893', dea: 'BR1234563' },
  drug: { description: 'Oxycodone 5 MG Oral Tablet', ndc: '00406055201', rxNorm: '1049621', deaSchedule: 'CII' },
  quantity: 30, daysSupply: 10, sig: 'Take 1 tablet by mouth every 8 hours if pain > 6', refills: 0, writtenDate: '2026-11-20',
  earliestFillDate: '2026-11-22',
}

const parser = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: '@', parseTagValue: false })
const parse = (xml: string): any => {
  assert.equal(XMLValidator.validate(xml), true)
  return parser.parse(xml)
}

const statusFor = (request: string): { status: number; body: string } => ({
  status: 200,
  body: `<?xml version="1.0"?><Message version="2017071"><Header><MessageID>A${Math.random()}</MessageID><RelatesToMessageID>${parse(request).Message.Header.MessageID}</RelatesToMessageID></Header><Body><Status><Code>010</Code><Description>Queued</Description></Status></Body></Message>`,
})

async function network(t: TestContext, options: Partial<ErxSandboxOptions> = {}): Promise<string> {
  const sandbox = await startErxSandbox({ dataDir: temporaryFolder(t), webhookSecret: SECRET, backoff: FAST, ...options })
  t.after(() => sandbox.close())
  return sandbox.url
}

async function messages(url: string, query = ''): Promise<NetworkMessage[]> {
  return ((await (await fetch(`${url}/control/messages${query}`)).json()) as { messages: NetworkMessage[] }).messages
}

const concluded = (url: string, messageId: string): Promise<NetworkMessage> =>
  eventually('an answer', async () => (await messages(url, `?messageId=${messageId}`)).find((message) => message.state !== 'queued'))

test('a prescription reaches the pharmacy as signed NewRx XML that says everything the prescriber wrote', async (t) => {
  const pharmacy = await receiver(t)
  pharmacy.answer = ({ body }) => statusFor(body)
  const url = await network(t, { publicUrl: pharmacy.url })
  const sent = await post(`${url}/control/send-newrx`, ORDER)
  assert.equal(sent.status, 202)
  const answered = await concluded(url, sent.json.messageId)
  assert.deepEqual([answered.state, answered.answer?.type, answered.answer?.code], ['accepted', 'Status', '010'])

  const [call] = pharmacy.received
  assert.equal(call?.path, '/erx/script')
  assert.match(call?.headers['content-type'] ?? '', /^application\/xml/)
  const timestamp = call?.headers['x-erx-timestamp']
  const expected = `v1=${createHmac('sha256', SECRET).update(`${timestamp}.${call?.body}`).digest('hex')}`
  assert.equal(call?.headers['x-erx-signature'], expected)

  const { Message: message } = parse(call?.body ?? '')
  assert.equal(message['@version'], '2017071')
  assert.equal(message.Header.MessageID, sent.json.messageId)
  assert.equal(message.Header.DigitalSignature.DigitalSignatureIndicator, 'true')
  const { Patient, Prescriber, MedicationPrescribed: drug } = message.Body.NewRx
  assert.equal(Patient.HumanPatient.Name.LastName, "O'Neil & Sons")
  assert.equal(Patient.HumanPatient.DateOfBirth.Date, '1990-04-12')
  assert.equal(Patient.HumanPatient.Address.AddressLine2, 'Apt 4')
  assert.equal(Patient.HumanPatient.CommunicationNumbers.PrimaryTelephone.Number, '4155550134')
  assert.deepEqual(Prescriber.NonVeterinarian.Identification, { DEANumber: 'BR1234563', NPI: '1234567893' })
  assert.deepEqual(drug.DrugCoded.ProductCode, { '@Qualifier': 'ND', '#text': '00406055201' })
  assert.equal(drug.DrugCoded.DEASchedule.Code, 'C48675')
  assert.equal(drug.Quantity.Value, '30')
  assert.deepEqual(
    [drug.DaysSupply, drug.NumberOfRefills, drug.Substitutions, drug.WrittenDate.Date, drug.Sig.SigText],
    ['10', '0', '0', '2026-11-20', ORDER.sig],
  )
  assert.equal(drug.OtherMedicationDate.OtherMedicationDate.Date, '2026-11-22')
})

test("the network's own dialect qualifies the addresses and writes the product code as elements", async (t) => {
  const pharmacy = await receiver(t)
  pharmacy.answer = ({ body }) => statusFor(body)
  const url = await network(t, { publicUrl: pharmacy.url })
  await post(`${url}/control/send-newrx`, { ...ORDER, dialect: 'surescripts' })
  const call = await eventually('the message', () => pharmacy.received[0])
  const { Message: message } = parse(call.body)
  assert.deepEqual([message['@TransactionDomain'], message['@TransactionVersion']], ['SCRIPT', '20170715'])
  assert.equal(message.Header.To['@Qualifier'], 'P')
  assert.deepEqual(message.Body.NewRx.MedicationPrescribed.DrugCoded.ProductCode, { Code: '00406055201', Qualifier: 'ND' })
})

const SAMPLE = 'ncpdp/newrx-basic.xml'
test(`a NewRx has every element of a sample from elsewhere (${SAMPLE})`, { skip: without(SAMPLE) }, async (t) => {
  const url = await network(t)
  const sent = await post(`${url}/control/send-newrx`, { ...ORDER, note: 'A note' })
  const lacking = (sample: any, ours: any, path: string): string[] =>
    Object.keys(sample ?? {}).flatMap((key) => {
      if (ours?.[key] === undefined) return [`${path}/${key}`]
      return typeof sample[key] === 'object' ? lacking(sample[key], ours[key], `${path}/${key}`) : []
    })
  assert.deepEqual(lacking(parse(readSample(SAMPLE)).Message, parse(sent.json.body).Message, ''), [])
})

test('an Error from the pharmacy is final and kept; silence is not, and is tried again with the same MessageID', async (t) => {
  const pharmacy = await receiver(t)
  pharmacy.answer = ({ body }) => {
    if (pharmacy.received.length < 3) return 503
    const { status, body: text } = statusFor(body)
    return { status, body: text.replaceAll('Status>', 'Error>').replace('010', '900') }
  }
  const url = await network(t, { publicUrl: pharmacy.url })
  const sent = await post(`${url}/control/send-newrx`, ORDER)
  const refused = await concluded(url, sent.json.messageId)
  assert.deepEqual([refused.state, refused.answer?.code, refused.attempts], ['refused', '900', 3])
  const ids = pharmacy.received.map(({ body }) => parse(body).Message.Header.MessageID)
  assert.deepEqual(new Set(ids), new Set([sent.json.messageId]))
})

test('a message the pharmacy missed waits for it across a restart of the network', async (t) => {
  const gone = await receiver(t)
  await gone.close()
  const options = { dataDir: temporaryFolder(t), webhookSecret: SECRET, backoff: FAST, publicUrl: gone.url }
  const first = await startErxSandbox(options)
  const sent = await post(`${first.url}/control/send-newrx`, ORDER)
  await first.close()
  const pharmacy = await receiver(t, Number(new URL(gone.url).port))
  pharmacy.answer = ({ body }) => statusFor(body)
  const second = await startErxSandbox(options)
  t.after(() => second.close())
  assert.equal((await concluded(second.url, sent.json.messageId)).state, 'accepted')
})

test('an order the schema does not allow is refused with the field named', async (t) => {
  const url = await network(t)
  const { npi, ...prescriber } = ORDER.prescriber
  const missing = await post(`${url}/control/send-newrx`, { ...ORDER, prescriber })
  assert.deepEqual([missing.status, missing.json.error.field], [400, 'prescriber.npi'])
  const wrong = await post(`${url}/control/send-newrx`, { ...ORDER, patient: { ...ORDER.patient, dateOfBirth: '12.4.1990' } })
  assert.deepEqual([wrong.status, wrong.json.error.field], [400, 'patient.dateOfBirth'])
})

const fromPharmacy = (messageId: string, body: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?><Message xmlns="http://www.ncpdp.org/schema/SCRIPT" version="2017071"><Header><To>1234567893</To><From>5699999</From><MessageID>${messageId}</MessageID></Header><Body>${body}</Body></Message>`

async function say(url: string, xml: string, headers: Record<string, string> = {}): Promise<{ status: number; body: any }> {
  const response = await fetch(`${url}/messages`, { method: 'POST', headers: { 'content-type': 'application/xml', ...headers }, body: xml })
  return { status: response.status, body: parse(await response.text()).Message.Body }
}

test('what the pharmacy sends is answered with Status 010 once and for all, and anything else with an Error', async (t) => {
  const url = await network(t)
  const fill = fromPharmacy('F1', '<RxFill><FillStatus><Dispensed><Note>AH</Note></Dispensed></FillStatus></RxFill>')
  for (let time = 0; time < 2; time += 1) assert.equal((await say(url, fill)).body.Status.Code, '010')
  assert.equal((await messages(url, '?type=RxFill')).length, 1, 'a repeat is one message')
  assert.equal((await say(url, fill.replace('AH', 'AK'))).body.Error.Code, '900', 'another message under the same id')
  assert.match((await say(url, fromPharmacy('F2', '<NewRx/>'))).body.Error.Description, /does not send NewRx/)
  assert.equal((await say(url, '<Message><Header>')).status, 400)
  assert.equal((await say(url, `<!DOCTYPE x [<!ENTITY a "b">]>${fill.replace(/<\?.*\?>/, '')}`)).status, 400)
})

test('a signature of the pharmacy is checked where there is one', async (t) => {
  const url = await network(t)
  const fill = fromPharmacy('F1', '<RxFill/>')
  const signature = `v1=${createHmac('sha256', SECRET).update(`17.${fill}`).digest('hex')}`
  assert.equal((await say(url, fill, { 'x-erx-timestamp': '18', 'x-erx-signature': signature })).status, 401)
  assert.equal((await say(url, fill, { 'x-erx-timestamp': '17', 'x-erx-signature': signature })).status, 200)
})

test('the prescriber answers a renewal request and cancels a prescription', async (t) => {
  const pharmacy = await receiver(t)
  pharmacy.answer = ({ body }) => statusFor(body)
  const url = await network(t, { publicUrl: pharmacy.url })
  const renewal = '<RxRenewalRequest><RequestReferenceNumber>R7</RequestReferenceNumber><MedicationPrescribed><DrugDescription>Atorvastatin</DrugDescription><NumberOfRefills>0</NumberOfRefills></MedicationPrescribed></RxRenewalRequest>'
  await say(url, fromPharmacy('Q1', renewal))
  const answer = await post(`${url}/control/respond`, { messageId: 'Q1', outcome: 'approved', note: 'As before', refills: 3 })
  await concluded(url, answer.json.messageId)
  const { Message: response } = parse(pharmacy.received[0]?.body ?? '')
  assert.deepEqual([response.Header.RelatesToMessageID, response.Header.To, response.Header.From], ['Q1', '5699999', '1234567893'])
  const { RequestReferenceNumber, Response, MedicationPrescribed } = response.Body.RxRenewalResponse
  assert.deepEqual([RequestReferenceNumber, Response, MedicationPrescribed.NumberOfRefills], ['R7', { Approved: { Note: 'As before' } }, '3'])

  const { json: newRx } = await post(`${url}/control/send-newrx`, ORDER)
  const { json: cancel } = await post(`${url}/control/send-cancelrx`, { messageId: newRx.messageId })
  await concluded(url, cancel.messageId)
  const canceled = pharmacy.received.map(({ body }) => parse(body).Message).find(({ Body }) => Body.CancelRx)
  assert.equal(canceled.Header.RelatesToMessageID, newRx.messageId)
  assert.equal(canceled.Header.PrescriberOrderNumber, newRx.prescriberOrderNumber)
  assert.equal((await post(`${url}/control/send-cancelrx`, { messageId: 'none' })).status, 404)
})

/** An identity provider as far as a partner's server needs one. */
async function issuer(t: TestContext): Promise<{ url: string; issued: () => number }> {
  let issued = 0
  const server = createServer((request, response) => {
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    response.setHeader('content-type', 'application/json')
    if (request.url === '/.well-known/openid-configuration') return response.end(JSON.stringify({ issuer: base, token_endpoint: `${base}/token` }))
    const known = request.headers.authorization === `Basic ${Buffer.from('clinic:s%3Acret').toString('base64')}`
    response.statusCode = known ? 200 : 401
    return response.end(JSON.stringify(known ? { access_token: `token-${(issued += 1)}`, expires_in: 3600 } : { error: 'invalid_client' }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, issued: () => issued }
}

test('over FHIR the network signs in as a partner, and once more when its token is refused', async (t) => {
  const { url: issuerUrl, issued } = await issuer(t)
  const pharmacy = await receiver(t)
  pharmacy.answer = ({ headers }) => (headers['authorization'] === 'Bearer token-1' && pharmacy.received.length > 1 ? 401 : 201)
  const url = await network(t, { publicUrl: pharmacy.url, partner: { issuer: issuerUrl, clientId: 'clinic', clientSecret: 's:cret', scope: 'partner' } })
  const first = await post(`${url}/control/send-fhir`, { ...ORDER, orderNumber: 'ORD-1' })
  assert.equal((await concluded(url, first.json.messageId)).state, 'accepted')
  const second = await post(`${url}/control/send-fhir`, { ...ORDER, as: 'bundle' })
  assert.equal((await concluded(url, second.json.messageId)).state, 'accepted')
  assert.equal(issued(), 2, 'a token is kept until it is refused')

  const [call] = pharmacy.received
  assert.deepEqual([call?.path, call?.headers['content-type']], ['/fhir/R4/MedicationRequest', 'application/fhir+json'])
  const request = JSON.parse(call?.body ?? '')
  assert.equal(request.resourceType, 'MedicationRequest')
  assert.deepEqual(request.contained.map((resource: { resourceType: string; id: string }) => [resource.resourceType, resource.id]), [
    ['Patient', 'patient'],
    ['Practitioner', 'prescriber'],
  ])
  assert.deepEqual([request.subject.reference, request.requester.reference, request.identifier[0].value], ['#patient', '#prescriber', 'ORD-1'])
  assert.deepEqual(request.medicationCodeableConcept.coding[0], { system: 'http://hl7.org/fhir/sid/ndc', code: '00406055201', display: ORDER.drug.description })
  assert.deepEqual(
    [request.dispenseRequest.numberOfRepeatsAllowed, request.dispenseRequest.quantity.value, request.dispenseRequest.expectedSupplyDuration.value],
    [0, 30, 10],
  )
  const bundle = JSON.parse(pharmacy.received.at(-1)?.body ?? '')
  const urls = bundle.entry.map((entry: { fullUrl: string }) => entry.fullUrl)
  assert.deepEqual([bundle.entry[2].resource.subject.reference, bundle.entry[2].resource.requester.reference], urls.slice(0, 2))
})

test('a token given with the call is used as it is, and a refusal is final', async (t) => {
  const pharmacy = await receiver(t)
  pharmacy.answer = () => ({ status: 422, body: '{"resourceType":"OperationOutcome"}' })
  const url = await network(t, { publicUrl: pharmacy.url })
  const sent = await post(`${url}/control/send-fhir`, { ...ORDER, token: 'mine' })
  const refused = await concluded(url, sent.json.messageId)
  assert.deepEqual([refused.state, refused.answer?.status], ['refused', 422])
  assert.equal(pharmacy.received[0]?.headers['authorization'], 'Bearer mine')
})

test('a status of the electronic signature of a prescription goes to its own signed webhook', async (t) => {
  const pharmacy = await receiver(t)
  const url = await network(t, { publicUrl: pharmacy.url })
  await post(`${url}/control/faults`, { kind: 'duplicate', match: { event: 'epcs' } })
  await post(`${url}/control/epcs-status`, { messageId: 'M1', status: 'SIGNATURE_VERIFIED', eventId: 'E1', details: { hash: 'abc' } })
  await eventually('it arrives twice under that fault', () => pharmacy.received.length === 2)
  for (const { path, headers, body } of pharmacy.received) {
    assert.equal(path, '/webhooks/epcs/status')
    assert.equal(headers['x-erx-signature'], `v1=${createHmac('sha256', SECRET).update(`${headers['x-erx-timestamp']}.${body}`).digest('hex')}`)
    const event = JSON.parse(body)
    assert.deepEqual([event.id, event.type, event.messageId, event.status, event.hash], ['E1', 'epcs.status', 'M1', 'SIGNATURE_VERIFIED', 'abc'])
  }
})
