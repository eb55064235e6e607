import { test } from 'node:test'
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { GraphClient, type Data } from '@pharmagraph/sdk'
import { people } from '../../dev/src/identity/people.ts'
import { clientCredentials, signIn, signUp } from '../../dev/src/identity/sign-in.ts'
import { demoData } from '@pharmagraph/platform/demo-data.ts'
import type { CollectedSpan } from '../collector.ts'
import { eventually } from '../environment.ts'
import { sharedStack } from '../stack.ts'

// every operation counts as slow, so that the log of slow ones is seen whole
const { stack, dataDir, collector } = await sharedStack()

let orderId = ''
/** What nobody but the patient and the pharmacy is to read; each a text that occurs nowhere else. */
const secrets = { given: 'Zephyrine', family: 'Quackenbush', dateOfBirth: '1961-03-17', phone: '4155550177', line1: '1355 Market St', unit: 'Apartment 47F', email: `zephyrine.${randomUUID().slice(0, 8)}@demo.pharmagraph.test` }

test('an order of over-the-counter goods is one trace from the click to the push, through gateway, subgraphs, SQL, outbox and consumers', { timeout: 150_000 }, async (t) => {
  const { given, family, dateOfBirth, phone, email } = secrets
  const session = await signUp(stack.issuer, { givenName: given, familyName: family, email, password: 'correct horse battery' })
  const client = new GraphClient(stack, 'web', session.accessToken)
  await client.run('RegisterPatient', { input: { given, family, dateOfBirth, phone, email, sex: 'FEMALE', consents: ['DISPENSING', 'NOTIFICATIONS'] } })
  const { addAddress } = await client.run('AddAddress', { input: { recipient: `${given} ${family}`, line1: secrets.line1, line2: secrets.unit, city: 'San Francisco', state: 'CA', postalCode: '94103' } })
  const { drugs } = await client.run('SearchDrugs', { search: 'acetaminophen', first: 10 })
  const otc = drugs.nodes.find((drug: Data) => drug.availability?.status === 'IN_STOCK' && drug.rxOnly === false)
  assert.ok(otc, JSON.stringify(drugs.nodes))
  const live = client.live('MyOrderChanged')
  t.after(() => live.stop())
  await eventually(() => live.events.length > 0, { what: 'the subscription' })
  const { cart } = await eventually(async () => {
    // the first request to a process that has just started may take longer than the gateway waits
    const { data } = await client.ask('AddToCart', { input: { drugId: otc.id, packages: 1 } })
    return data?.addToCart?.__typename === 'CartPayload' && data.addToCart
  }, { within: 40_000, what: 'the drug in the cart' })
  const { checkout } = await client.run('Checkout', { input: { cartId: cart.id, addressId: addAddress.address.id, paymentMethodId: 'pm_card_visa', idempotencyKey: randomUUID() } })
  assert.equal(checkout.__typename, 'OrderPayload', JSON.stringify(checkout))
  orderId = checkout.order.id
  await eventually(() => live.events.some(({ status }) => status === 'PAYMENT_CAPTURED'), { within: 60_000, what: 'the payment captured' })

  const click = await eventually(() => collector.spans.find(({ name }) => name === 'mutation Checkout'), { what: 'the span of the click' })
  const ofTrace = (): CollectedSpan[] => collector.spans.filter(({ traceId }) => traceId === click.traceId)
  await eventually(() => ofTrace().filter(({ name }) => name === 'push myOrderChanged').length >= 5, { what: 'the pushes in the trace' })
  const names = (service: string): string[] => ofTrace().filter((span) => span.service === service).map(({ name }) => name)
  const wanted: [service: string, span: string | RegExp][] = [
    ['gateway', 'POST /graphql'], ['gateway', 'fetch orders'], ['orders', 'POST /graphql'], ['orders', 'insert outbox'], ['orders', 'publish orders.stock-requested.v1'],
    ['inventory', / orders\.stock-requested\.v1$/], ['inventory', 'publish inventory.stock-held.v1'], ['orders', / inventory\.stock-held\.v1$/],
  ]
  const missing = () => wanted.filter(([service, span]) => !names(service).some((name) => (typeof span === 'string' ? name === span : span.test(name))))
  // every process sends its spans when it comes to it
  await eventually(() => missing().length === 0, { what: 'all spans of the way' }).catch((error: Error) => assert.deepEqual(missing(), [], error.message))

  // each span is below another of the trace, up to the one root
  await eventually(() => {
    const known = new Set(ofTrace().map(({ spanId }) => spanId))
    return ofTrace().filter(({ parentSpanId }) => parentSpanId === undefined || !known.has(parentSpanId)).length === 1
  }, { what: 'one root' })
  const push = ofTrace().find(({ name }) => name === 'push myOrderChanged')!
  const parent = ofTrace().find(({ spanId }) => spanId === push.parentSpanId)!
  assert.match(parent.name, /^publish orders\.order-status-changed/, 'a push is below the event it tells of')
})

/** Words that the patient and those who care for her write, each where the graph takes words. */
const written = {
  reaction: 'Zzreaction', condition: 'Zzcondition', payer: 'Zzpayer', memberId: 'ZZMEMBER7', caregiver: 'Zzcaregiver', relationship: 'Zzrelationship', message: 'Zzmessage', reply: 'Zzreply', delivery: 'Zzdelivery',
  cancellation: 'Zzcancellation', sig: 'Zzsig', note: 'Zznote', question: 'Zzquestion', hold: 'Zzhold', picture: 'Zzpicture',
}

test('S23 S49 no table of any service, and no file of the stream, shows a word about the patient', { timeout: 120_000 }, async () => {
  const { given, family, dateOfBirth, phone, email } = secrets
  const session = await signIn(stack.issuer, { email, password: 'correct horse battery' } as never)
  const client = new GraphClient(stack, 'web', session.accessToken)
  await client.run('RecordAllergy', { input: { substance: { system: 'http://snomed.info/sct', code: '764146007', display: 'Penicillin' }, reaction: written.reaction } })
  await client.run('RecordCondition', { input: { code: { system: 'http://hl7.org/fhir/sid/icd-10-cm', code: 'E11.9', display: written.condition } } })
  await client.run('AddInsurancePolicy', { input: { payer: written.payer, memberId: written.memberId } })
  await client.run('InviteCaregiver', { input: { name: written.caregiver, relationship: written.relationship, scopes: ['VIEW'] } })
  const { postMessage } = await client.run('PostMessage', { input: { body: written.message } })
  await client.run('AddAddress', { input: { recipient: `${given} ${family}`, line1: '1355 Market St', city: 'San Francisco', state: 'CA', postalCode: '94103', instructions: written.delivery } })
  await client.ask('CancelOrder', { input: { orderId, reason: written.cancellation } })
  const nora = new GraphClient(stack, 'staff', (await signIn(stack.issuer, people.nora, { clientId: 'staff', otp: true })).accessToken)
  await nora.run('PostMessage', { input: { threadId: postMessage.threadId, body: written.reply } })

  const { practitioners } = demoData<{ practitioners: { id: string; npi: string }[] }>('people.json')
  const clinic = await clientCredentials(stack.issuer, 'partner-clinic', 'partner-clinic-demo-secret')
  const { drugs } = await client.run('SearchDrugs', { search: 'lisinopril 10 mg', first: 1 })
  const origin = new URL(stack.gatewayUrl).origin
  const fhir = await fetch(`${origin}/fhir/R4/MedicationRequest`, {
    method: 'POST', headers: { 'content-type': 'application/fhir+json', authorization: `Bearer ${clinic.accessToken}` },
    body: JSON.stringify({
      resourceType: 'MedicationRequest', status: 'active', intent: 'order', identifier: [{ system: 'urn:clinic', value: randomUUID() }], authoredOn: new Date().toLocaleDateString('en-CA', { timeZone: 'America/Los_Angeles' }),
      contained: [
        { resourceType: 'Patient', id: 'p', name: [{ family, given: [given] }], birthDate: dateOfBirth, telecom: [{ system: 'phone', value: phone }, { system: 'email', value: email }] },
        { resourceType: 'Practitioner', id: 'd', identifier: [{ system: 'http://hl7.org/fhir/sid/us-npi', value: practitioners.find(({ id }) => id === people.elena.practitionerId)!.npi }] },
      ],
      subject: { reference: '#p' }, requester: { reference: '#d' }, note: [{ text: written.note }], dosageInstruction: [{ text: `Take one daily. ${written.sig}` }],
      medicationCodeableConcept: { coding: [{ system: 'http://hl7.org/fhir/sid/ndc', code: drugs.nodes[0].ndc }], text: drugs.nodes[0].name },
      dispenseRequest: { quantity: { value: 30, unit: 'tablet' }, expectedSupplyDuration: { value: 30, code: 'd' } },
    }),
  })
  const { id: prescriptionId } = (await fhir.json()) as { id: string }
  assert.equal(fhir.status, 201)
  const grace = new GraphClient(stack, 'staff', (await signIn(stack.issuer, people.grace, { clientId: 'staff' })).accessToken)
  const item = await eventually(async () => (await grace.run('WorkQueue', { name: 'VERIFICATION', first: 50 })).workQueue.items.nodes.find(({ prescription }: Data) => prescription?.id === prescriptionId), { within: 30_000, what: 'the prescription on the queue' })
  const { claimWorkItem } = await grace.run('ClaimWorkItem', { input: { workItemId: item.id } })
  const { requestClarification } = await grace.run('RequestClarification', { input: { workItemId: item.id, token: claimWorkItem.token, question: written.question } })
  assert.equal(requestClarification.__typename, 'PrescriptionPayload', JSON.stringify(requestClarification))
  const picture = await fetch(`${origin}/uploads/prescriptions`, { method: 'POST', headers: { 'content-type': 'application/pdf', authorization: `Bearer ${session.accessToken}` }, body: `%PDF-1.4\n% ${written.picture}\n%%EOF` })
  assert.equal(picture.status, 201, await picture.text())

  await eventually(async () => Promise.all(Object.keys(stack.urls).map(async (name) => (await rowsOf(name, 'select 1 from outbox where published_at is null')).length)).then((waiting) => waiting.every((n) => n === 0)), { within: 20_000, what: 'every event published' })
  const words = Object.entries({ ...secrets, ...written }).map(([what, word]) => ({ what, forms: formsOf(word) }))
  const shown: string[] = []
  for (const name of Object.keys(stack.urls)) {
    const tables = await rowsOf(name, `select table_name as name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'`)
    assert.ok(tables.length >= 5, name)
    for (const { name: table } of tables) {
      const rows = (await rowsOf(name, `select t::text as row from "${table}" t`)).map(({ row }) => row).join('\n').toLowerCase()
      for (const { what, forms } of words) if (forms.some((form) => rows.includes(form))) shown.push(`${name}.${table} shows the ${what}`)
    }
  }
  for (const file of readdirSync(join(dataDir, 'nats'), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())) {
    const bytes = readFileSync(join(file.parentPath, file.name)).toString('latin1').toLowerCase()
    for (const { what, forms } of words) if (forms.some((form) => bytes.includes(form))) shown.push(`${file.name} of the stream shows the ${what}`)
  }
  assert.deepEqual(shown, [])
})

/** A word in the forms in which a value is kept: as it is, as bytes in hex, and in base64 wherever in a text it begins. In lower case. */
function formsOf(word: string): string[] {
  const base64 = word.length < 8 ? [] : [0, 1, 2].map((shift) => Buffer.from(word).subarray(shift, shift + Math.floor((word.length - shift) / 3) * 3).toString('base64'))
  return [word, Buffer.from(word).toString('hex'), ...base64].map((form) => form.toLowerCase())
}

const rowsOf = async (service: string, sql: string): Promise<Record<string, string>[]> => {
  const db = new pg.Client({ connectionString: stack.postgres.adminUrlFor(service) })
  await db.connect()
  try {
    return (await db.query(sql)).rows as Record<string, string>[]
  } finally {
    await db.end()
  }
}

test('S47 who read the patient, and who was refused, stands in the audit chain under the operation they used', { timeout: 60_000 }, async () => {
  const nora = new GraphClient(stack, 'staff', (await signIn(stack.issuer, people.nora, { clientId: 'staff' })).accessToken)
  const james = new GraphClient(stack, 'web', (await signIn(stack.issuer, people.james)).accessToken)
  await nora.ask('StaffOrder', { id: orderId })
  await james.ask('OrderPage', { id: orderId })
  const carl = new GraphClient(stack, 'staff', (await signIn(stack.issuer, people.carl, { clientId: 'staff' })).accessToken)
  const accesses = async (): Promise<Data[]> => (await carl.run('AuditTrail', { filter: { subjectId: orderId, type: 'audit.phi-read.v1' }, first: 200 })).auditTrail.nodes
  const shown = (operation: string) => async () => (await accesses()).find(({ data }) => data.operation === operation && data.shown.some(({ type, ids }: Data) => type === 'Order' && ids.includes(orderId)))
  const read = await eventually(shown('StaffOrder'), { what: 'the pharmacist’s read in the trail' })
  assert.equal(read['actorRole'], 'pharmacist')
  const refused = await eventually(async () => (await accesses()).find(({ data }) => data.operation === 'OrderPage' && data.refused.length > 0), { what: 'the refused read in the trail' })
  assert.deepEqual([refused['actorRole'], refused['data'].refused[0].ids], ['patient', [orderId]])
  assert.equal((await carl.run('VerifyAuditChain')).verifyAuditChain.valid, true)
})

test('neither spans, nor logs at their most talkative, nor metrics hold anything about the patient', async () => {
  const files = readdirSync(join(dataDir, 'logs')).filter((file) => file.endsWith('.log') && !/identity|sandboxes|postgres/.test(file))
  assert.ok(files.includes('gateway.log') && files.includes('patients.log'), files.join())
  const logs = files.map((file) => [file, readFileSync(join(dataDir, 'logs', file), 'utf8')] as const)
  const gatewayLog = logs.find(([file]) => file === 'gateway.log')![1]
  await eventually(() => readFileSync(join(dataDir, 'logs', 'gateway.log'), 'utf8').includes('"Checkout"'), { what: 'the log written' })
  const slow = gatewayLog.split('\n').filter((line) => line.includes('a slow operation')).map((line) => JSON.parse(line) as Record<string, any>)
  const registered = slow.find(({ operation }) => operation === 'RegisterPatient')!
  assert.deepEqual([registered['type'], registered['outcome'], registered['services'][0].service], ['mutation', 'ok', 'patients'])
  assert.match(registered['operationId'], /^[0-9a-f]{16}$/)
  assert.equal(registered['variables'], undefined)
  assert.ok(collector.spans.some(({ attributes }) => /insert into "?patient"?/.test(attributes['db.query.text'] ?? '')))
  const metrics = await Promise.all([stack.gatewayUrl, ...Object.values(stack.urls)].map(async (url) => [new URL('/metrics', url).href, await (await fetch(new URL('/metrics', url))).text()] as const))
  assert.match(metrics[0]![1], /gateway_operation_seconds_count\{.*operation="Checkout",outcome="ok"\} 1/)
  for (const [what, text] of [...logs, ...metrics, ['spans', JSON.stringify(collector.spans)] as const]) {
    for (const [name, secret] of Object.entries(secrets)) assert.ok(!text.includes(secret), `${what} holds the patient’s ${name}`)
    assert.doesNotMatch(text, /Bearer [\w-]{20}|eyJ[\w-]{20}/, `${what} holds a token`)
  }
})
