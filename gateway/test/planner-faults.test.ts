/** What the planner asks of the executor beyond plain fetches, and what it gets wrong: each on a graph that needs it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Send } from '../src/execution/execute.ts'
import { Operations } from '../src/operations/operations.ts'
import { buildGraph } from '../src/supergraph/graph.ts'
import { everybody } from './support/reference.ts'
import { compose } from './support/supergraphs.ts'

type Representation = { __typename: string } & Record<string, unknown>
type Asked = { service: string; query: string; representations: Representation[] | undefined }

/** Answers `text`, each service by its own function; `asked` tells what was sent. */
async function ask(schemas: Readonly<Record<string, string>>, text: string, services: Readonly<Record<string, (asked: Asked) => Record<string, unknown>>>) {
  const asked: Asked[] = []
  const send: Send = async (service, body) => {
    const { query, variables } = JSON.parse(body) as { query: string; variables: { representations?: Representation[] } }
    const one = { service, query, representations: variables.representations }
    asked.push(one)
    return { data: services[service]!(one) }
  }
  const { body } = await new Operations(buildGraph(compose(schemas).sdl)).fromText(text).respond({ actor: everybody, send }, {})
  return { ...(JSON.parse(body) as { data: any; errors?: unknown }), asked }
}

test('an entity is asked of an interface object under the name of the interface, and keeps its own', async () => {
  const { data, errors, asked } = await ask({
    works: 'type Query { found: [Found!]! } union Found = Book | Film interface Media @key(fields: "id") { id: ID! } type Book implements Media @key(fields: "id") { id: ID! } type Film implements Media @key(fields: "id") { id: ID! }',
    opinions: 'type Media @key(fields: "id") @interfaceObject { id: ID! score: Int about: Media }',
  }, '{ found { __typename ... on Book { score } ... on Film { score about { __typename id } } } }', {
    works: ({ representations }) => representations
      ? { _entities: representations.map(({ id }) => ({ __typename: id === 'b1' ? 'Book' : 'Film', id })) }
      : { found: [{ __typename: 'Book', id: 'b1' }, { __typename: 'Film', id: 'f1' }] },
    opinions: ({ representations }) => ({ _entities: representations!.map(({ __typename, id }) => ({ __typename, score: id === 'b1' ? 1 : 2, about: { __typename: 'Media', id: 'b1' } })) }),
  })
  assert.equal(errors, undefined)
  assert.deepEqual(data.found, [{ __typename: 'Book', score: 1 }, { __typename: 'Film', score: 2, about: { __typename: 'Book', id: 'b1' } }])
  const representations = asked.filter(({ service }) => service === 'opinions').flatMap(({ representations = [] }) => representations)
  assert.deepEqual([...new Set(representations.map(({ __typename }) => __typename))], ['Media'])
})

test('keys of one name and different types are fetched under other names and put back under their own', async () => {
  const { data, errors, asked } = await ask({
    one: 'type Query { all: [Thing] } union Thing = Parcel | Lot type Parcel @key(fields: "id") { id: ID! } type Lot @key(fields: "id") { id: Int! }',
    other: 'type Parcel @key(fields: "id") { id: ID! place: String } type Lot @key(fields: "id") { id: Int! units: Int }',
  }, '{ all { ... on Parcel { place } ... on Lot { units } } }', {
    one: ({ query }) => {
      const [, alias] = /\.\.\.on Lot\{__typename (\w+):id\}/.exec(query)!
      return { all: [{ __typename: 'Parcel', id: 'p' }, { __typename: 'Lot', [alias!]: 7 }, null] }
    },
    other: ({ representations }) => ({ _entities: representations!.map(({ __typename, id }) => (__typename === 'Lot' ? { units: Number(id) * 2 } : { place: `place ${String(id)}` })) }),
  })
  assert.deepEqual([data, errors], [{ all: [{ place: 'place p' }, { units: 14 }, null] }, undefined])
  assert.deepEqual(asked[1]!.representations, [{ __typename: 'Parcel', id: 'p' }, { __typename: 'Lot', id: 7 }])
})

/** By `Type.field` of the subgraph `a`: the keys it resolves. */
const jumps: [string, Record<string, string>, string, string[]][] = [
  ['of several keys one is not for jumping to it', {
    a: 'type Query { a: T } type T @key(fields: "id") @key(fields: "uuid", resolvable: false) { id: ID! uuid: ID! name: String }',
    b: 'type Query { b: T } type T @key(fields: "uuid") { uuid: ID! other: Int }',
    c: 'type T @key(fields: "uuid") @key(fields: "id") { id: ID! uuid: ID! }',
  }, '{ b { name other } }', ['b', 'c uuid', 'a id']],
  ['a nearer subgraph has the field, but no key to come by', {
    a: 'type Query { t: T } type T @key(fields: "id", resolvable: false) { id: ID! name: String @shareable }',
    b: 'type T @key(fields: "id") { id: ID! name: String @shareable }',
    c: 'type Query { u: T } type T @key(fields: "id") { id: ID! }',
  }, '{ u { name } }', ['c', 'b id']],
  ['an interface object cannot be asked', {
    a: 'type Query { product: Product } interface Node @key(fields: "id") { id: ID! } type Product implements Node @key(fields: "id") { id: ID! }',
    b: 'type Query { node: Node! } type Node @key(fields: "id", resolvable: false) @interfaceObject { id: ID! name: String @shareable }',
    c: 'type Node @key(fields: "id") @interfaceObject { id: ID! name: String @shareable }',
  }, '{ product { name } }', ['a', 'c id']],
]
for (const [title, schemas, text, way] of jumps) {
  test(`a key with \`resolvable: false\` is never jumped by: ${title}`, async () => {
    const answer = ({ representations }: Asked): Record<string, unknown> => {
      const object = { __typename: 'T', id: '1', uuid: 'u1', name: 'n', other: 1 }
      return representations ? { _entities: representations.map(() => object) } : { b: object, u: object, product: { ...object, __typename: 'Product' } }
    }
    const { data, errors, asked } = await ask(schemas, text, { a: answer, b: answer, c: answer })
    assert.equal(errors, undefined)
    assert.equal((Object.values(data as object)[0] as { name: string }).name, 'n')
    assert.deepEqual(asked.map(({ service, representations }) => [service, ...Object.keys(representations?.[0] ?? {}).filter((key) => key !== '__typename')].join(' ')), way)
  })
}

const prices = 'type Query { p: P } type P @key(fields: "id") { id: ID! price(currency: C!): Int size: Size } type Size { price(currency: C!): Int } enum C { USD EUR }'
const external = 'type P @key(fields: "id") { id: ID! price(currency: C!): Int @external'

test('a graph in which fields require one field with different arguments is refused: the planner would fetch it once, for one of them', () => {
  const own = { a: prices, b: `${external} usd: String @requires(fields: "price(currency: USD)") eur: String @requires(fields: "price(currency: EUR)") } enum C { USD EUR }` }
  assert.throws(() => buildGraph(compose(own).sdl), /P\.(usd|eur) requires P\.price\(currency: \w+\), P\.(usd|eur) requires it with other arguments/)
  const across = { a: prices, b: `${external} usd: String @requires(fields: "price(currency: USD)") } enum C { USD EUR }`, c: `${external} eur: String @requires(fields: "price(currency: EUR)") } enum C { USD EUR }` }
  assert.throws(() => buildGraph(compose(across).sdl), /requires it with other arguments/)
})

test('the same arguments as often as one likes, and other arguments on another type, are no fault', () => {
  const same = { a: prices, b: `${external} size: Size @external usd: String @requires(fields: "price(currency: USD)") dollars: String @requires(fields: "price(currency: USD) size { price(currency: EUR) }") } type Size { price(currency: C!): Int @external } enum C { USD EUR }` }
  assert.doesNotThrow(() => buildGraph(compose(same).sdl))
})
