import { after, test } from 'node:test'
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { readFileSync, readdirSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GraphClient, type Data } from '@pharmagraph/sdk'
import { people } from '../../dev/src/identity/people.ts'
import { signIn, signUp } from '../../dev/src/identity/sign-in.ts'
import { startStack } from '../../dev/src/stack/stack.ts'
import { startCollector, type CollectedSpan } from '../collector.ts'
import { eventually } from '../environment.ts'

const dataDir = await mkdtemp(join(tmpdir(), 'pharmagraph-traces-'))
const collector = await startCollector()
const stack = await startStack({
  dataDir, ports: 'free', seed: true, log: 'file', supervise: false, durable: false,
  // every operation counts as slow, so that the log of slow ones is seen whole
  env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_BSP_SCHEDULE_DELAY: '200', LOG_LEVEL: 'debug', SLOW_OPERATION_MS: '0' },
})
after(async () => {
  await stack.stop()
  await collector.stop()
  await rm(dataDir, { recursive: true, force: true })
})

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
  assert.ok(names('gateway').includes('POST /graphql'))
  assert.ok(names('gateway').includes('fetch orders'))
  assert.ok(names('orders').includes('POST /graphql'))
  assert.ok(names('orders').includes('insert outbox'), names('orders').join())
  assert.ok(names('orders').includes('publish orders.stock-requested.v1'))
  assert.ok(names('inventory').some((name) => name.endsWith(' orders.stock-requested.v1')), 'the consumer')
  assert.ok(names('inventory').includes('publish inventory.stock-held.v1'))
  assert.ok(names('orders').some((name) => name.endsWith(' inventory.stock-held.v1')), 'the consumer of the answer')

  // each span is below another of the trace, up to the one root
  await eventually(() => {
    const known = new Set(ofTrace().map(({ spanId }) => spanId))
    return ofTrace().filter(({ parentSpanId }) => parentSpanId === undefined || !known.has(parentSpanId)).length === 1
  }, { what: 'one root' })
  const push = ofTrace().find(({ name }) => name === 'push myOrderChanged')!
  const parent = ofTrace().find(({ spanId }) => spanId === push.parentSpanId)!
  assert.match(parent.name, /^publish orders\.order-status-changed/, 'a push is below the event it tells of')
})

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
