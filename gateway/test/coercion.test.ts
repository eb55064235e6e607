import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { fromBytes } from '../src/execution/bytes.ts'
import { Operations } from '../src/operations/operations.ts'
import { createSharing } from '../src/operations/sharing.ts'
import { buildGraph } from '../src/supergraph/graph.ts'
import { everybody } from './support/reference.ts'
import { aDrug } from './support/subgraphs.ts'
import { compose, pharmacy } from './support/supergraphs.ts'
import { personas, startWorld, type World } from './support/world.ts'

let world: World
before(async () => {
  world = await startWorld()
  world.data.drugs.set('d1', aDrug('d1', 'amoxicillin'))
})
after(() => world.stop())
beforeEach(() => world.subgraphs.catalog.received.splice(0))

test('a variable that does not fit is refused before any subgraph is asked, with its place', async () => {
  const token = await world.issuer.token(personas.patient())
  const cases: [query: string, variables: Record<string, unknown>, place: RegExp][] = [
    ['query($first: Int) { drugs(search: "a", first: $first) { nodes { id } } }', { first: 'many' }, /\$first/],
    ['query($id: ID!) { drug(id: $id) { id } }', {}, /\$id/],
    ['query($id: ID!) { drug(id: $id) { id } }', { id: null }, /\$id/],
    ['mutation($input: CheckoutInput!) { checkout(input: $input) { __typename } }', { input: { cartId: ['x'] } }, /input\.cartId/],
    ['mutation($input: CheckoutInput!) { checkout(input: $input) { __typename } }', { input: { nonsense: 1 } }, /nonsense/],
  ]
  for (const [query, variables, place] of cases) {
    const { status, body } = await world.graphql({ query, variables }, token)
    assert.deepEqual([status, body.errors![0]!.extensions['code'], body.data], [400, 'BAD_USER_INPUT', undefined], query)
    assert.ok(body.errors!.some(({ message }) => place.test(message)), body.errors!.map(({ message }) => message).join())
  }
  assert.equal(world.subgraphs.catalog.received.length, 0)
})

const warehouse = compose({
  shelves: 'type Query { find(where: Where, kinds: [Kind!] = [BOX], limit: Int! = 7, day: Day): [Thing!] } input Where { name: String = "any" deep: Where } enum Kind { BOX BAG } scalar Day type Thing @key(fields: "id") { id: ID! }',
})
const operations = new Operations(buildGraph(warehouse.sdl))

/** The query and the variables that the subgraph receives. */
async function received(text: string, variables: Record<string, unknown>): Promise<{ query: string; variables: Record<string, unknown> }> {
  let body = ''
  const { errors } = await operations.fromText(text).execute({ actor: everybody, send: async (_service, sent) => {
    body = fromBytes(sent)
    return { data: { find: [] } }
  } }, variables)
  assert.equal(errors, undefined)
  const { query, variables: sent } = JSON.parse(body) as { query: string; variables: Record<string, unknown> }
  return { query, variables: sent }
}

test('what is given reaches the subgraph as it was given, with the defaults of the operation', async () => {
  const text = 'query($where: Where, $kinds: [Kind!], $limit: Int! = 3, $day: Day, $unused: Int) { find(where: $where, kinds: $kinds, limit: $limit, day: $day) { id } }'.replace(', $unused: Int', '')
  const where = { deep: { name: 'a "b" €' } }
  const all = await received(text, { where, kinds: 'BAG', limit: 1, day: { any: ['thing'] }, more: 5 })
  assert.deepEqual(all.variables, { where, kinds: 'BAG', limit: 1, day: { any: ['thing'] } })
  const none = await received(text, {})
  assert.deepEqual(none.variables, {})
  assert.match(none.query, /\$limit: ?Int! ?= ?3/)
  assert.deepEqual((await received(text, { where: null })).variables, { where: null })
})

test('literals reach the subgraph as they are, and conditions use the defaults of their variables', async () => {
  const { query } = await received('query($yes: Boolean! = true) { find(where: {deep: {name: "x"}}, kinds: BAG, day: "2026-01-01") @include(if: $yes) { id } }', {})
  assert.match(query, /find\(where: ?\{deep: ?\{name: ?"x"\}\},? ?kinds: ?\[?BAG\]?,? ?day: ?"2026-01-01"\)/)
})

test('an operation that no service can answer is an error, not null', async () => {
  const { graph } = operations
  const unable = new Operations({ ...graph, plan: () => ({ kind: 'QueryPlan' }) })
  await assert.rejects(unable.fromText('{ find { id } }').respond({ actor: everybody, send: async () => ({ data: {} }) }, {}), { extensions: { code: 'UNPLANNABLE_OPERATION' } })
})

test('an automatic persisted query is learned once, then runs by its hash alone', async () => {
  const query = '{ drug(id: "d1") { name } }'
  const sha256Hash = (await import('node:crypto')).createHash('sha256').update(query).digest('hex')
  const extensions = { persistedQuery: { version: 1, sha256Hash } }
  assert.equal((await world.graphql({ extensions })).body.errors![0]!.extensions['code'], 'PERSISTED_QUERY_NOT_FOUND')
  for (const body of [{ query, extensions }, { extensions }]) assert.deepEqual((await world.graphql(body)).body, { data: { drug: { name: 'amoxicillin' } } })
})

test('the same public read under way is answered once, where that is wanted; a personal one never', async () => {
  const share = createSharing()
  const operations = new Operations(buildGraph(pharmacy.sdl))
  const persisted = operations.fromText('{ drugs(search: "a") { nodes { id } } }')
  const personal = operations.fromText('{ order(id: "1") { id } }')
  let runs = 0
  const respond = async () => {
    runs++
    await new Promise((resolve) => setImmediate(resolve))
    return { body: '{}', encoding: 'utf8', errors: [], ran: true } as const
  }
  await Promise.all([share(persisted, { search: 'a' }, respond), share(persisted, { search: 'a' }, respond), share(persisted, { search: 'b' }, respond)])
  assert.equal(runs, 2)
  await share(persisted, { search: 'a' }, respond)
  await Promise.all([share(personal, { orderId: '1' }, respond), share(personal, { orderId: '1' }, respond)])
  assert.equal(runs, 5)
})
