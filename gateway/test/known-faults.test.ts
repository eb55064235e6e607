/** Faults that other gateways have on live streams: each is a test here, over every transport where it could show. */
import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { anOrder } from './support/subgraphs.ts'
import { transportNames, transports, type Stream, type TransportName } from './support/transports.ts'
import { personas, startWorld, until, type World } from './support/world.ts'

let world: World
const streams: Stream[] = []
before(async () => {
  world = await startWorld()
})
after(() => world.stop())
beforeEach(() => {
  for (const id of ['o1', 'o2']) world.data.orders.set(id, anOrder(id, 'p1'))
  for (const subgraph of Object.values(world.subgraphs)) subgraph.delay = 0
})
afterEach(async () => {
  for (const stream of streams.splice(0)) stream.leave()
  await until(() => world.gateway.live().subscribers === 0 && world.gateway.live().watchers === 0)
})

const orders = 'subscription($after: ID) { live: myOrderChanged(after: $after) { cursor kind status order { id status } } }'
const move = (to: string, orderId = 'o1'): Promise<number> => {
  world.data.orders.get(orderId)!['status'] = to
  return world.publish('orders.order-status-changed.v1', { orderId, patientId: 'p1', from: 'X', to, reasonCode: null })
}
const token = (id = 'p1'): Promise<string> => world.issuer.token(personas.patient(id))
const open = (name: TransportName, given: string | undefined, query = orders, url = world.gateway.url): Stream => {
  const stream = transports[name](url, given, { query })
  streams.push(stream)
  return stream
}
/** One stream over each transport, each with its first answer. */
const openAll = async (query = orders, url = world.gateway.url): Promise<Stream[]> => {
  const given = await token()
  const all = transportNames.map((name) => open(name, given, query, url))
  await until(() => all.every(({ answers }) => answers.length > 0))
  return all
}
const statusesOf = ({ answers }: Stream): string[] => answers.flatMap(({ data }) => (data?.['live']?.status ? [data['live'].status as string] : []))
const allHave = (all: Stream[], ...statuses: string[]): Promise<void> => until(() => all.every((stream) => statuses.every((status) => statusesOf(stream).includes(status))), 15_000)
const sameForAll = (all: Stream[], statuses: string[]): void => {
  for (const stream of all) assert.deepEqual(statusesOf(stream), statuses)
}

test('quiet upstream streams leak when the last client leaves: here nothing is held, though nothing happens', async () => {
  const all = await openAll()
  assert.equal(world.gateway.live().watchers, 3)
  for (const stream of all) stream.leave()
  await until(() => world.gateway.live().watchers === 0 && world.gateway.live().subscribers === 0)
})

test('one de-duplicated client leaving silences the others: here each leaves alone', async () => {
  // one person, one operation: they share every fetch
  const [given, query] = [await token(), orders]
  const all = Array.from({ length: 3 }, () => transportNames.map((name) => open(name, given, query))).flat()
  await until(() => all.every(({ answers }) => answers.length > 0))
  const [first, ...others] = all
  first!.leave()
  await move('RX_CHECKED')
  await allHave(others, 'RX_CHECKED')
  for (const stream of others.slice(0, 4)) stream.leave()
  await move('STOCK_HELD')
  await allHave(others.slice(4), 'STOCK_HELD')
})

test('no reconnect when a subgraph or the broker restarts: here both are waited for, on the same streams', async () => {
  const all = await openAll()
  await world.subgraphs.orders.stop()
  await move('RX_CHECKED')
  await world.subgraphs.orders.start()
  await allHave(all, 'RX_CHECKED')
  await world.nats.kill()
  await until(() => !world.gateway.live().following)
  await world.nats.restart()
  await move('STOCK_HELD')
  await allHave(all, 'STOCK_HELD')
  sameForAll(all, ['RX_CHECKED', 'STOCK_HELD'])
})

test('`complete` instead of an error when the source dies: here the client is told what is gone', async () => {
  const all = await openAll()
  await world.subgraphs.orders.stop()
  try {
    await move('RX_CHECKED')
    for (const { ended } of all) assert.equal((await ended).code, 'SUBGRAPH_UNAVAILABLE')
  } finally {
    await world.subgraphs.orders.start()
  }
})

test('an error of one event repeats in later events: here each has its own', async () => {
  const all = await openAll('subscription { live: myOrderChanged { status order { id shipment { id } } } }')
  await world.subgraphs.logistics.stop()
  await move('RX_CHECKED')
  await allHave(all, 'RX_CHECKED')
  await world.subgraphs.logistics.start()
  await move('STOCK_HELD')
  await allHave(all, 'STOCK_HELD')
  for (const { answers } of all) assert.deepEqual(answers.map(({ errors }) => errors?.map(({ extensions }) => extensions['code'])), [undefined, ['SUBGRAPH_UNAVAILABLE'], undefined])
})

test('all clients are dropped in the same instant on shutdown: here they are sent away one by one', async () => {
  const second = await world.startGateway({ drainMs: 1_500 })
  const all = [...(await openAll(orders, second.url)), ...(await openAll(orders, second.url)), ...(await openAll(orders, second.url))]
  await second.stop()
  for (const names of [['1012'], ['SERVICE_RESTART']]) {
    const times = (await Promise.all(all.map(({ ended }) => ended))).filter(({ code }) => names.includes(code)).map(({ at }) => at).sort((a, b) => a - b)
    assert.ok(times.at(-1)! - times[0]! > 700, `${names}: all within ${times.at(-1)! - times[0]!} ms`)
  }
})

test('all clients are dropped on reload: here none is', async () => {
  const all = await openAll()
  await world.gateway.reload()
  await move('RX_CHECKED')
  await allHave(all, 'RX_CHECKED')
})

test('event streams are not authorised on the server: here nobody gets what they may not see', async () => {
  const [stranger, nobody] = [await token('p2'), undefined]
  for (const name of transportNames) {
    const ends = await Promise.all([
      open(name, stranger, 'subscription { live: orderChanged(orderId: "o1") { status } }').ended,
      open(name, stranger, 'subscription { live: verificationQueue { state } }').ended,
      open(name, nobody, orders).ended,
    ])
    assert.deepEqual(ends.map(({ code }) => code), ['NOT_FOUND', 'FORBIDDEN', 'UNAUTHENTICATED'], name)
  }
  // the filter of a stream is the server's: another patient's stream stays silent
  const theirs = transportNames.map((name) => open(name, stranger))
  await until(() => theirs.every(({ answers }) => answers.length === 1))
  const mine = await openAll()
  await move('RX_CHECKED')
  await allHave(mine, 'RX_CHECKED')
  for (const { answers } of theirs) assert.equal(answers.length, 1)
})

test('tokens expire on live sockets unnoticed: here the stream ends with the token, quiet or not', async () => {
  const given = await world.issuer.token(personas.patient(), { expiresIn: 2 })
  const all = transportNames.map((name) => open(name, given))
  await until(() => all.every(({ answers }) => answers.length > 0))
  const ends = await Promise.all(all.map(({ ended }) => ended))
  assert.deepEqual(ends.map(({ code }) => code), ['4403', 'TOKEN_EXPIRED', 'TOKEN_EXPIRED'])
})

test('events come out of order after a slow handler: here a slow one is waited for', async () => {
  const all = await openAll()
  world.subgraphs.orders.delay = 400
  const { received } = world.subgraphs.orders
  const before = received.length
  await move('RX_CHECKED')
  await until(() => received.length > before)
  world.subgraphs.orders.delay = 0
  await move('STOCK_HELD', 'o2')
  await move('RELEASED')
  await allHave(all, 'RELEASED')
  sameForAll(all, ['RX_CHECKED', 'STOCK_HELD', 'RELEASED'])
})

test('the oldest or the newest event is dropped without a word: here a burst comes whole', async () => {
  const all = await openAll()
  world.subgraphs.orders.delay = 20
  const burst = Array.from({ length: 120 }, (_, index) => `S${index}`)
  for (const to of burst) await world.publish('orders.order-status-changed.v1', { orderId: 'o1', patientId: 'p1', from: 'X', to, reasonCode: null })
  world.subgraphs.orders.delay = 0
  await allHave(all, burst.at(-1)!)
  sameForAll(all, burst)
})

test('SSE errors never reach the client: here each does, before, at and after the start', async () => {
  const before = open('graphql-sse', await token(), 'subscription { nothing }')
  assert.equal((await before.ended).code, 'broken')
  const refused = open('graphql-sse', await token('p2'), 'subscription { live: orderChanged(orderId: "o1") { status } }')
  assert.equal((await refused.ended).code, 'NOT_FOUND')
  const later = open('graphql-sse', await token(), 'subscription { live: orderChanged(orderId: "o1") { status } }')
  await until(() => later.answers.length > 0)
  world.data.orders.delete('o1')
  await world.publish('orders.order-status-changed.v1', { orderId: 'o1', patientId: 'p1', from: 'X', to: 'GONE', reasonCode: null })
  assert.equal((await later.ended).code, 'NOT_FOUND')
})

test('webhooks are acted upon before their signature is checked: here the bytes go to their owner untouched, and nothing else happens', async () => {
  const { position } = world.gateway.live()
  const requests = Object.values(world.subgraphs).map(({ received }) => received.length)
  const body = '{ "type":"payment_intent.succeeded",\n  "data": { "object": {} } }\t'
  await fetch(new URL('/webhooks/stripe', world.gateway.url), { method: 'POST', body, headers: { 'content-type': 'application/json', 'stripe-signature': 't=1,v1=forged' } })
  const { received } = world.subgraphs.orders
  assert.deepEqual([received.at(-1)!.url, received.at(-1)!.body.toString(), received.at(-1)!.headers['stripe-signature']], ['/webhooks/stripe', body, 't=1,v1=forged'])
  const now = Object.entries(world.subgraphs).map(([name, { received }], index) => [name, received.length - requests[index]!] as const)
  assert.deepEqual(now.filter(([, count]) => count > 0), [['orders', 1]])
  assert.equal(world.gateway.live().position, position)
})
