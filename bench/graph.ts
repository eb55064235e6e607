/**
 * The real graph over real PostgreSQL: for the operations people wait for, the SQL statements each runs (counted from its
 * trace, against the bound in tests/statements.ts), and its times at 1 and at 50 connections through gateway and
 * subgraphs, each a process of its own. At 50 connections the clients take their share of the same cores.
 */
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Pool } from 'undici'
import { GraphClient, operationId, type AppName, type Data } from '@pharmagraph/sdk'
import { people } from '../dev/src/identity/people.ts'
import { signIn, signUp } from '../dev/src/identity/sign-in.ts'
import { startStack, type Stack } from '../dev/src/stack/stack.ts'
import { startCollector } from '../tests/collector.ts'
import { eventually } from '../tests/environment.ts'
import { countStatements, statementBounds, worstOf } from '../tests/statements.ts'

const connections = 50
const secondsEach = 3

type Asked = { readonly app: AppName; readonly name: string; readonly variables: object; readonly token: string | undefined }
type Times = { perSecond: number; p50Ms: number; p99Ms: number }
type Figures = { statements: number; bound: number; services: Readonly<Record<string, number>>; alone: Times; together: Times }

export async function run(): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), 'pharmagraph-bench-graph-'))
  const collector = await startCollector()
  const stack = await startStack({
    dataDir, ports: 'free', seed: true, log: 'file', supervise: false, durable: true,
    // only a request that asks for it is traced: the load is not
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_BSP_SCHEDULE_DELAY: '200', OTEL_TRACES_SAMPLER: 'parentbased_always_off', LOG_LEVEL: 'fatal',
      RATE_PER_PERSON: '100000000', RATE_PER_CLIENT: '100000000', RATE_PER_ADDRESS: '100000000',
    },
  })
  const pool = new Pool(stack.publicUrl, { connections })
  const ask = async ({ app, name, variables, token }: Asked, traceparent?: string): Promise<Data> => {
    const answer = await pool.request({
      method: 'POST', path: '/graphql',
      headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }), ...(traceparent && { traceparent }) },
      body: JSON.stringify({ documentId: operationId(app, name), variables }),
    })
    return answer.body.json()
  }
  try {
    const operations = await prepare(stack)
    for (const operation of operations) {
      const { errors } = await ask(operation, `00-${randomUUID().replaceAll('-', '')}-${randomUUID().replaceAll('-', '').slice(0, 16)}-01`)
      if (errors) throw new Error(`${operation.name}: ${JSON.stringify(errors)}`)
    }
    const counted = await eventually(() => {
      const worst = worstOf(countStatements(collector.spans))
      return operations.every(({ name }) => (worst.get(name)?.statements ?? 0) > 0) && worst
    }, { within: 20_000, what: 'the traces' })

    const figures: Record<string, Figures> = {}
    for (const operation of operations) {
      const { name } = operation
      await load(() => ask(operation), 8, 0.5)
      const [alone, together] = [await load(() => ask(operation), 1, 1), await load(() => ask(operation), connections, secondsEach)]
      const { statements, services } = counted.get(name)!
      figures[name] = { statements, bound: statementBounds[name]!, services, alone, together }
      console.log(`${name.padEnd(20)} ${String(statements).padStart(3)} statements (at most ${statementBounds[name]})  alone p50 ${alone.p50Ms.toFixed(1)} ms  ${connections} connections: ${together.perSecond.toFixed(0)}/s p50 ${together.p50Ms.toFixed(0)} ms p99 ${together.p99Ms.toFixed(0)} ms`)
    }
    console.log(JSON.stringify({ bench: 'graph', connections, figures }))
    const over = Object.entries(figures).filter(([, { statements, bound }]) => !(statements <= bound)).map(([name]) => name)
    if (over.length > 0) throw new Error(`more statements than their bound: ${over.join(', ')}`)
  } finally {
    await pool.close()
    await stack.stop()
    await collector.stop()
    await rm(dataDir, { recursive: true, force: true })
  }
}

/** People with something to see: a patient with an order of over-the-counter goods, and staff. */
async function prepare(stack: Stack): Promise<Asked[]> {
  const email = `bench.${randomUUID().slice(0, 8)}@demo.pharmagraph.test`
  const staff = (await signIn(stack.issuer, people.nora, { clientId: 'staff' })).accessToken
  const patient = (await signUp(stack.issuer, { givenName: 'Bench', familyName: 'Lindqvist', email, password: 'correct horse battery' })).accessToken
  const client = new GraphClient(stack, 'web', patient)
  await client.run('RegisterPatient', { input: { given: 'Bench', family: 'Lindqvist', dateOfBirth: '1971-02-03', phone: '4155550123', email, sex: 'FEMALE', consents: ['DISPENSING'] } })
  const { drugs } = await client.run('SearchDrugs', { search: 'acetaminophen', first: 10 })
  const otc = drugs.nodes.find((drug: Data) => drug.availability?.status === 'IN_STOCK' && drug.rxOnly === false)
  const cart = await eventually(async () => (await client.ask('AddToCart', { input: { drugId: otc.id, packages: 1 } })).data?.addToCart?.cart, { within: 40_000, what: 'the drug in the cart' })
  const { addAddress } = await client.run('AddAddress', { input: { recipient: 'Bench Lindqvist', line1: '1355 Market St', city: 'San Francisco', state: 'CA', postalCode: '94103' } })
  const checkout = { cartId: cart.id, addressId: addAddress.address.id, paymentMethodId: 'pm_card_visa', idempotencyKey: randomUUID() }
  // orders hears of the consent and of the address a moment later
  const order = await eventually(async () => (await client.run('Checkout', { input: checkout })).checkout.order, { within: 40_000, what: 'an order' })
  await eventually(async () => (await client.run('OrderPage', { id: order.id })).order.shipment, { within: 40_000, what: 'a parcel' })
  const asked = (app: AppName, name: string, variables: object, token?: string): Asked => ({ app, name, variables, token })
  return [
    asked('web', 'SearchDrugs', { search: 'lisinopril', first: 10 }), asked('web', 'DrugPage', { id: otc.id }),
    asked('web', 'MyPrescriptions', { filter: 'ALL', first: 10 }, patient), asked('web', 'MyOrders', { first: 10 }, patient), asked('web', 'OrderPage', { id: order.id }, patient),
    asked('staff', 'WorkQueue', { name: 'VERIFICATION', first: 20 }, staff), asked('staff', 'Orders', { first: 20 }, staff),
  ]
}

/** As many at once for so long; every answer is read whole and must have data. */
async function load(ask: () => Promise<Data>, atOnce: number, seconds: number): Promise<Times> {
  const times: number[] = []
  const started = performance.now()
  const end = started + seconds * 1_000
  await Promise.all(Array.from({ length: atOnce }, async () => {
    while (performance.now() < end) {
      const before = performance.now()
      const { data, errors } = await ask()
      if (!data || errors) throw new Error(JSON.stringify(errors))
      times.push(performance.now() - before)
    }
  }))
  times.sort((a, b) => a - b)
  const percentile = (share: number): number => Math.round((times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0) * 10) / 10
  return { perSecond: Math.round((times.length / (performance.now() - started)) * 1_000), p50Ms: percentile(0.5), p99Ms: percentile(0.99) }
}
