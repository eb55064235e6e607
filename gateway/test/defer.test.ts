import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ApolloClient, HttpLink, InMemoryCache, gql } from '@apollo/client'
import { Defer20220824Handler } from '@apollo/client/incremental'
import fc from 'fast-check'
import type { Send } from '../src/execution/execute.ts'
import { merge } from '../src/execution/plan.ts'
import type { Payload } from '../src/operations/deferred.ts'
import { Operations } from '../src/operations/operations.ts'
import { buildGraph } from '../src/supergraph/graph.ts'
import { createPlanning } from '../src/supergraph/planning.ts'
import { operations as generated } from './support/generated-operations.ts'
import { generatedSubgraphs } from './support/generated-subgraphs.ts'
import { everybody } from './support/reference.ts'
import { aDrug, anOrder } from './support/subgraphs.ts'
import { bank, library, shop } from './support/supergraphs.ts'
import { until, personas, startWorld, type World } from './support/world.ts'

/** The answer as a client has it in the end. */
function together([first, ...later]: readonly Payload[]): { data: unknown; errors: number } {
  const data = structuredClone(first!.data)
  let errors = first!.errors?.length ?? 0
  for (const { incremental = [] } of later) {
    for (const { path, data: part, errors: told = [] } of incremental) {
      errors += told.length
      const place = path.reduce<any>((at, key) => at[key], data)
      if (part) merge(place, structuredClone(part))
    }
  }
  return { data, errors }
}

async function inParts(operations: Operations, text: string, variables: object, send: Send): Promise<Payload[] | undefined> {
  const parts = await operations.fromClient(text).respondInParts({ actor: everybody, send }, variables as Record<string, unknown>)
  if (!parts) return undefined
  const all: Payload[] = []
  for await (const part of parts) all.push(part)
  return all
}

const numRuns = Number(process.env['PROPERTY_RUNS'] ?? 20)
for (const [name, { sdl, subgraphs }, depth] of [['the shop', shop(), 4], ['the library', library(), 2], ['the bank', bank(), 4]] as const) {
  // over interface objects @defer may send the planner round in circles
  const planning = createPlanning(sdl, { deadlineMs: 2_000, threads: 1 })
  after(() => planning.close())
  const operations = new Operations(buildGraph(sdl), undefined, { planning })

  test(`the parts of a deferred answer from ${name} are together the answer without @defer`, async () => {
    const { send } = generatedSubgraphs(subgraphs, { ofNull: 0, ofFailure: 0 })
    let deferred = 0
    const isWithinLimits = (text: string): boolean => {
      try {
        return operations.fromClient(text).type === 'query'
      } catch {
        return false
      }
    }
    await fc.assert(fc.asyncProperty(generated(operations.graph.schema, depth, true), async ({ text, variables }) => {
      fc.pre(isWithinLimits(text))
      const whole = await operations.fromClient(text).execute({ actor: everybody, send }, variables)
      const parts = await inParts(operations, text, variables, send)
      fc.pre(parts !== undefined)
      deferred++
      assert.ok(parts!.every(({ hasNext }, index) => hasNext === index < parts!.length - 1))
      assert.equal(whole.errors, undefined)
      assert.deepEqual(together(parts!), { data: whole.data, errors: 0 })
    }), { numRuns, interruptAfterTimeLimit: 10_000 })
    assert.ok(deferred > 0, `${deferred} operations deferred something`)
  })
}

test('a part that fails costs its own fields, with errors at their places', async () => {
  const { sdl, subgraphs } = shop()
  const operations = new Operations(buildGraph(sdl))
  const { send } = generatedSubgraphs(subgraphs, { ofNull: 0, ofFailure: 0 })
  const failing: typeof send = async (service, ...rest) => (service === 'logistics' ? { errors: [{ message: 'no', extensions: { code: 'MADE_UP' } }] } : send(service, ...rest))
  const [first, second] = (await inParts(operations, '{ product { sku ... @defer(label: "later") { shipping } } }', {}, failing))!
  assert.deepEqual([first!.errors, first!.hasNext, second!.hasNext], [undefined, true, false])
  const [part] = second!.incremental!
  assert.deepEqual([part!.path, part!.label, part!.data, part!.errors!.map(({ path, extensions }) => [path, extensions['code']])], [['product'], 'later', { shipping: null }, [[['product', 'shipping'], 'MADE_UP']]])
})

let world: World
before(async () => {
  world = await startWorld()
  world.data.orders.set('o1', anOrder('o1', 'p1', { lines: [] }))
  world.data.shipments.set('s1', { id: 's1', orderId: 'o1', patientId: 'p1', carrier: 'OWN', trackingNumber: 'T1', status: 'CREATED', attempts: 0 })
  world.data.drugs.set('d1', aDrug('d1', 'amoxicillin'))
})
after(() => world.stop())

const query = 'query Order($id: ID!, $later: Boolean = true) { order(id: $id) { id status ... @defer(if: $later, label: "delivery") { shipment { status } } } }'

test('@apollo/client shows an order before its delivery is known', async () => {
  const token = await world.issuer.token(personas.patient())
  const client = new ApolloClient({
    cache: new InMemoryCache(), incrementalHandler: new Defer20220824Handler(),
    link: new HttpLink({ uri: world.gateway.url, headers: { authorization: `Bearer ${token}` } }),
  })
  world.subgraphs.logistics.delay = 300
  const seen: unknown[] = []
  const subscription = client.watchQuery({ query: gql(query), variables: { id: 'o1' } }).subscribe(({ data, dataState }) => seen.push([dataState, structuredClone(data)]))
  try {
    const order = { __typename: 'Order', id: 'o1', status: 'CHECKOUT_STARTED' }
    await until(() => seen.some(([state]: any) => state === 'complete'))
    const told = seen.filter(([state]: any) => state !== 'empty')
    assert.deepEqual(told, [['streaming', { order }], ['complete', { order: { ...order, shipment: { __typename: 'Shipment', status: 'CREATED' } } }]])
  } finally {
    world.subgraphs.logistics.delay = 0
    subscription.unsubscribe()
    client.stop()
  }
})

test('a client that takes no parts, or wants none, gets the answer whole', async () => {
  const token = await world.issuer.token(personas.patient())
  const whole = { data: { order: { id: 'o1', status: 'CHECKOUT_STARTED', shipment: { status: 'CREATED' } } } }
  assert.deepEqual((await world.graphql({ query, variables: { id: 'o1' } }, token)).body, whole)
  const accept = 'multipart/mixed;deferSpec=20220824,application/json'
  assert.deepEqual((await world.graphql({ query, variables: { id: 'o1', later: false } }, token, { accept })).body, whole)
})

test('what an operation with @defer may not do is refused as ever', async () => {
  const ask = async (body: Record<string, unknown>, persona?: Record<string, unknown>) => (await world.graphql(body, persona && (await world.issuer.token(persona)), { accept: 'multipart/mixed;deferSpec=20220824' })).body.errors![0]!.extensions['code']
  assert.equal(await ask({ query, variables: { id: 'o1' } }), 'UNAUTHENTICATED')
  assert.equal(await ask({ query, variables: { id: 'o1' } }, personas.partner), 'PERSISTED_QUERY_ONLY')
  assert.equal(await ask({ query }, personas.patient()), 'BAD_USER_INPUT')
  assert.equal(await ask({ query: '{ order(id: "o1") { ... @defer { nothing } } }' }, personas.patient()), 'GRAPHQL_VALIDATION_FAILED')
  assert.equal(await ask({ query: `{ order(id: "o1") { ... @defer { ${'lines { drug { equivalents { '.repeat(1)} ${'equivalents { '.repeat(14)} id ${'} '.repeat(14)} } } } } } }` }, personas.patient()), 'OPERATION_TOO_LARGE')
})
