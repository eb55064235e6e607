import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildSubgraphSchema } from '@apollo/subgraph'
import fc from 'fast-check'
import { execute, graphql, parse, type GraphQLFieldResolver, type GraphQLObjectType } from 'graphql'
import { fromBytes, toBytes } from '../src/execution/bytes.ts'
import type { Send } from '../src/execution/execute.ts'
import { Operations } from '../src/operations/operations.ts'
import { buildGraph } from '../src/supergraph/graph.ts'
import { operations as generated } from './support/generated-operations.ts'
import { everybody } from './support/reference.ts'
import { compose } from './support/supergraphs.ts'

type Thing = Record<string, unknown>

// a price depends on the sale it stands in: the nearest order or cart around the product
const { sdl, subgraphs } = compose({
  sales: `
    type Query { orders: [Order!]! cart: Cart sales: [Sale] }
    union Sale = Order | Cart
    type Order @key(fields: "id") { id: ID! number: String! currency: String region: Region lines: [Line!]! gifts: [[Line]] related: Order }
    type Cart @key(fields: "id") { id: ID! coin: String taxes: [Int] lines: [Line!]! from: [Order!]! }
    type Region { code: String! zones: [Zone!]! }
    type Zone { rate: Int }
    type Line @key(fields: "id") { id: ID! product: Product }
    type Product @key(fields: "id") { id: ID! name: String! }`,
  prices: `
    type Order @key(fields: "id") @context(name: "sale") @context(name: "place") { id: ID! currency: String @external region: Region @external }
    type Cart @key(fields: "id") @context(name: "sale") @context(name: "place") { id: ID! coin: String @external taxes: [Int] @external }
    type Region { zones: [Zone!]! @external }
    type Zone { rate: Int @external }
    type Line @key(fields: "id") { id: ID! note(currency: String @fromContext(field: "$sale ... on Order { currency } ... on Cart { coin }")): String }
    type Product @key(fields: "id") {
      id: ID!
      price(
        pieces: Int
        currency: String @fromContext(field: "$sale ... on Order { currency } ... on Cart { coin }")
        rates: [Int] @fromContext(field: "$place ... on Order { region { zones { rate } } } ... on Cart { taxes }")
      ): String
      similar: [Product!]!
    }`,
})

const list = <T>(length: number, make: (index: number) => T): T[] => Array.from({ length }, (_, index) => make(index))
const products: Thing[] = list(3, (n) => ({ __typename: 'Product', id: `p${n}`, name: `product ${n}` }))
for (const [n, product] of products.entries()) product['similar'] = [products[(n + 1) % 3], products[(n + 2) % 3]]
const lines: Thing[] = list(4, (n) => ({ __typename: 'Line', id: `l${n}`, product: n === 3 ? null : products[n] }))
const orders: Thing[] = list(3, (n) => ({
  __typename: 'Order', id: `o${n}`, number: `PG-${n}`, currency: ['USD', 'EUR', null][n],
  region: n === 1 ? null : { __typename: 'Region', code: `r${n}`, zones: list(n + 1, (zone) => ({ __typename: 'Zone', rate: zone === 1 ? null : n * 10 + zone })) },
  lines: [lines[n], lines[(n + 1) % 4]], gifts: [[lines[0], null], null, [lines[2], lines[1]]],
}))
for (const [n, order] of orders.entries()) order['related'] = n === 2 ? null : orders[n + 1]
const cart: Thing = { __typename: 'Cart', id: 'c1', coin: 'GBP', taxes: [7, null], lines: [lines[0], lines[1]], from: orders }
const root: Thing = { orders, cart, sales: [cart, null, ...orders] }
const byId = new Map([...products, ...lines, ...orders, cart].map((thing) => [thing['id'], thing]))

const price = (id: unknown, args: Thing): string => `${String(id)} ${JSON.stringify([args['pieces'] ?? null, args['currency'] ?? null, args['rates'] ?? null])}`

/** Each schema over the same things; the entity of a representation is the thing of its id. */
function services(fail: (service: string, query: string) => boolean = () => false): { send: Send; requests: { service: string; query: string; variables: Thing }[] } {
  const requests: { service: string; query: string; variables: Thing }[] = []
  const schemas = new Map(Object.entries(subgraphs).map(([name, text]) => [name, buildSubgraphSchema(parse(text))]))
  const resolve: GraphQLFieldResolver<Thing, unknown> = (source, args: Thing, _context, { fieldName }) =>
    fieldName === 'price' ? price(source['id'], args) : fieldName === 'note' ? `in ${String(args['currency'] ?? null)}` : (source ?? root)[fieldName]
  return {
    requests,
    async send(service, body) {
      const { query, variables } = JSON.parse(fromBytes(body)) as { query: string; variables: Thing }
      requests.push({ service, query, variables })
      if (fail(service, query)) return { errors: [{ message: 'made to fail', extensions: { code: 'MADE_TO_FAIL' } }] }
      const variableValues = Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, name.startsWith('representations') ? (value as Thing[]).map((one) => byId.get(one['id'])) : value]))
      const result = await execute({ schema: schemas.get(service)!, document: parse(query), rootValue: root, variableValues, fieldResolver: resolve, typeResolver: (value) => (value as { __typename: string }).__typename })
      return result.errors ? (JSON.parse(JSON.stringify(result)) as typeof result) : { text: toBytes(JSON.stringify(result)) }
    },
  }
}

const graph = buildGraph(sdl)

/** What one server with the whole graph answers, where every thing knows what it stands in. */
async function inOneServer(text: string, variableValues: Thing): Promise<unknown> {
  type Placed = { readonly value: Thing; readonly around: readonly Thing[] }
  const place = (value: unknown, around: readonly Thing[]): unknown =>
    Array.isArray(value) ? value.map((item) => place(item, around)) : typeof value === 'object' && value !== null ? { value, around } : value
  const fieldResolver: GraphQLFieldResolver<Placed, unknown> = ({ value, around }, args: Thing, _context, { fieldName }) => {
    if (fieldName !== 'price' && fieldName !== 'note') return place(value[fieldName], [value, ...around])
    const sale = around.find((thing) => thing['__typename'] === 'Order' || thing['__typename'] === 'Cart')!
    const currency = sale['currency'] ?? sale['coin']
    const region = sale['region'] as { zones: Thing[] } | null | undefined
    return fieldName === 'note' ? `in ${String(currency ?? null)}` : price(value['id'], { ...args, currency, rates: sale['taxes'] ?? region?.zones.map(({ rate }) => rate) })
  }
  const result = await graphql({ schema: graph.schema, source: text, rootValue: { value: root, around: [] }, variableValues, fieldResolver, typeResolver: (placed) => (placed as Placed).value['__typename'] as string })
  assert.equal(result.errors, undefined)
  return JSON.parse(JSON.stringify(result.data))
}

async function answer(text: string, send: Send, variables: Thing = {}): Promise<{ data: any; errors?: any }> {
  const { body } = await new Operations(graph).fromText(text).respond({ actor: everybody, send }, variables)
  return JSON.parse(body) as { data: any; errors?: any }
}

test('clients do not see the arguments that a @context fills', () => {
  assert.deepEqual((graph.schema.getType('Product') as GraphQLObjectType).getFields()['price']!.args.map(({ name }) => name), ['pieces'])
})

test('a field gets its argument from the object around it, each in its own place, with one request for all', async () => {
  const { send, requests } = services()
  const text = '{ orders { lines { product { price(pieces: 2) } } } cart { lines { product { dear: price cheap: price(pieces: 9) } } } }'
  assert.deepEqual(await answer(text, send), { data: await inOneServer(text, {}) })
  const prices = requests.filter(({ service }) => service === 'prices')
  assert.equal(prices.length, 2)
  const ofOrders = prices.find(({ query }) => query.includes('_2'))!
  assert.deepEqual(Object.entries(ofOrders.variables).filter(([name]) => name.startsWith('representations')).map(([, list]) => (list as Thing[]).map(({ id }) => id)), [['p0', 'p1'], ['p1', 'p2'], ['p2']])
})

test('the nearest context counts, through lists of lists, nulls, other subgraphs and unions', async () => {
  for (const text of [
    '{ cart { from { lines { product { price } note } related { gifts { note product { name price similar { price similar { name price } } } } } } lines { note } } }',
    '{ sales { __typename ... on Order { currency: number lines { product { price } } } ... on Cart { lines { product { price } } from { number related { related { lines { product { price } } } } } } } }',
  ]) assert.deepEqual(await answer(text, services().send), { data: await inOneServer(text, {}) })
})

test('any operation is answered as by one server that holds the whole graph', async () => {
  const { send } = services()
  let priced = 0
  await fc.assert(fc.asyncProperty(generated(graph.schema, 5), async ({ text, variables }) => {
    let ours: Awaited<ReturnType<typeof answer>>
    try {
      ours = await answer(text, send, variables)
    } catch (error) {
      fc.pre((error as { extensions?: { code?: string } }).extensions?.code !== 'OPERATION_TOO_COSTLY')
      throw error
    }
    if (/price|note/.test(text)) priced++
    assert.deepEqual(ours, { data: await inOneServer(text, variables) })
  }), { numRuns: Number(process.env['PROPERTY_RUNS'] ?? 100), interruptAfterTimeLimit: 15_000 })
  assert.ok(priced > 5, `only ${priced} operations asked for a price`)
})

test('a subgraph that fails costs the fields it would have given, at each of their places', async () => {
  const { send } = services((service) => service === 'prices')
  const { data, errors } = await answer('{ orders { number lines { note } } }', send)
  assert.deepEqual(data.orders[0], { number: 'PG-0', lines: [{ note: null }, { note: null }] })
  assert.deepEqual(new Set(errors.map(({ path }: { path: unknown[] }) => path.join('.'))), new Set(list(6, (n) => `orders.${Math.floor(n / 2)}.lines.${n % 2}.note`)))
})

test('deferred parts take their arguments from what came before', async () => {
  const { send } = services()
  const prepared = new Operations(graph).fromText('{ orders { number ... @defer { lines { product { price } } } } }')
  const expected = (await inOneServer('{ orders { number lines { product { price } } } }', {})) as { orders: Thing[] }
  const { data, payloads } = await deferred(prepared, send)
  assert.deepEqual(data, { orders: expected.orders.map(({ number }) => ({ number })) })
  assert.deepEqual(payloads.map(({ data }) => data), expected.orders.map(({ lines }) => ({ lines })))
})

async function deferred(prepared: ReturnType<Operations['fromText']>, send: Send): Promise<{ data: unknown; payloads: { data: unknown }[] }> {
  const payloads: { data: unknown }[] = []
  let data: unknown
  for await (const payload of (await prepared.respondInParts({ actor: everybody, send }, {}))!) {
    if ('data' in payload) data = structuredClone(payload.data)
    payloads.push(...(payload.incremental ?? []))
  }
  return { data, payloads }
}
