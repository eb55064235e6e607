import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { aDrug, anOrder } from './support/subgraphs.ts'
import { personas, startWorld, until, type Answer, type World } from './support/world.ts'

let world: World
before(async () => {
  world = await startWorld()
  world.data.orders.set('o1', anOrder('o1', 'p1'))
  world.data.drugs.set('d1', aDrug('d1', 'amoxicillin'))
})
after(() => world.stop())

const post = (url: string, body: string, headers: Record<string, string> = {}): Promise<Response> => fetch(url, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body })

test('a gateway that stops answers what is running, and is not ready meanwhile', async () => {
  const leaving = await world.startGateway()
  await until(async () => (await fetch(new URL('/ready', leaving.url))).ok)
  world.subgraphs.catalog.received.length = 0
  world.subgraphs.catalog.delay = 600
  try {
    const running = post(leaving.url, JSON.stringify({ query: '{ drug(id: "d1") { name } }' }))
    await until(() => world.subgraphs.catalog.received.length > 0)
    const stopped = leaving.stop()
    await until(() => fetch(new URL('/ready', leaving.url)).then(({ status }) => status === 503, () => true))
    const answer = await running
    assert.deepEqual([answer.status, await answer.json()], [200, { data: { drug: { name: 'amoxicillin' } } }])
    await stopped
    await assert.rejects(post(leaving.url, '{"query":"{ __typename }"}'))
  } finally {
    world.subgraphs.catalog.delay = 0
  }
})

test('a subgraph that goes on failing is left alone, so that callers hear at once; it is asked again when it is back', async () => {
  const ask = () => world.graphql({ query: '{ drug(id: "d1") { name availability { status } } }' })
  await world.subgraphs.inventory.stop()
  for (let time = 0; time < 12; time++) await ask()
  await world.subgraphs.inventory.start()
  world.subgraphs.inventory.received.length = 0
  const { status, body } = await ask()
  assert.deepEqual([status, body.data!['drug'].name, body.errors?.[0]?.extensions['code']], [200, 'amoxicillin', 'SUBGRAPH_UNAVAILABLE'])
  assert.equal(world.subgraphs.inventory.received.length, 0, 'the breaker is open: nobody asked')
  await until(async () => (await ask()).body.errors === undefined)
})

test('a batch of operations and a body beyond one megabyte are refused', async () => {
  const batch = await post(world.gateway.url, JSON.stringify([{ query: '{ __typename }' }, { query: '{ __typename }' }]))
  assert.deepEqual([batch.status, ((await batch.json()) as Answer).errors![0]!.extensions['code']], [400, 'INVALID_INPUT'])
  const large = await post(world.gateway.url, JSON.stringify({ query: '{ __typename }', variables: { filler: 'x'.repeat(1_100_000) } }))
  assert.equal(large.status, 413)
})

test('metrics are by persisted name, service and outcome; a client’s own names make no more of them', async () => {
  for (let time = 0; time < 30; time++) await world.graphql({ query: `query Name${time} { drug(id: "d1") { name } }` })
  await world.graphql({ query: '{ orders { nodes { id } } }' }, await world.issuer.token(personas.patient()))
  const metrics = await (await fetch(new URL('/metrics', world.gateway.url))).text()
  assert.doesNotMatch(metrics, /Name\d+/)
  assert.match(metrics, /gateway_operation_seconds_count\{[^}]*operation="ad hoc",outcome="ok"\} \d\d/)
  assert.match(metrics, /gateway_operation_seconds_count\{[^}]*operation="ad hoc",outcome="refused"\} \d/)
  assert.match(metrics, /gateway_subgraph_seconds_count\{[^}]*subgraph="catalog",outcome="ok"\} \d\d/)
})
