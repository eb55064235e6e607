/**
 * What every stream does, over every transport, for both classes of stream. Each cell is a test here, save where another
 * file is named:
 *
 * |                              | graphql-ws            | graphql-sse | @apollo/client (multipart) |
 * |------------------------------|-----------------------|-------------|----------------------------|
 * | snapshot then tail           | STATE LOG             | STATE LOG   | STATE LOG                  |
 * | signed cursor and `after`    | STATE LOG             | STATE LOG   | STATE LOG                  |
 * | authorised at each event     | STATE LOG             | STATE LOG   | STATE LOG                  |
 * | expiry, resume with new token| STATE LOG             | STATE LOG   | STATE LOG                  |
 * | in-band refresh              | subscriptions.test.ts | no way to send one: it ends, and resumes with a new token |
 * | revocation                   | STATE LOG             | STATE LOG   | STATE LOG                  |
 * | drain                        | STATE LOG             | STATE LOG   | STATE LOG                  |
 * | reload in place              | STATE LOG             | STATE LOG   | STATE LOG                  |
 * | backpressure                 | backpressure.test.ts, all six |     |                            |
 */
import assert from 'node:assert/strict'
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import { connectBroker } from '@pharmagraph/platform/nats.ts'
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
})
afterEach(async () => {
  for (const stream of streams.splice(0)) stream.leave()
  await until(() => world.gateway.live().subscribers === 0 && world.gateway.live().watchers === 0)
})

const classes = {
  STATE: 'subscription($after: ID) { live: orderChanged(orderId: "o1", after: $after) { cursor kind status order { id status } } }',
  LOG: 'subscription($after: ID) { live: myOrderChanged(after: $after) { cursor kind status order { id status } } }',
}
const move = async (to: string): Promise<void> => {
  world.data.orders.get('o1')!['status'] = to
  await world.publish('orders.order-status-changed.v1', { orderId: 'o1', patientId: 'p1', from: 'X', to, reasonCode: null })
}
let person = 0
const tokenOf = (subject: string, expiresIn = 300): Promise<string> => world.issuer.token({ ...personas.patient('p1'), sub: subject }, { expiresIn })
const open = (name: TransportName, query: string, token: string, after?: string, url = world.gateway.url): Stream => {
  const stream = transports[name](url, token, { query, variables: after === undefined ? {} : { after } })
  streams.push(stream)
  return stream
}
/** Both classes at once, until each has its first answer. */
const openBoth = async (name: TransportName, token: string, url?: string): Promise<Stream[]> => {
  const both = Object.values(classes).map((query) => open(name, query, token, undefined, url))
  await until(() => both.every(({ answers }) => answers.length > 0))
  return both
}
const liveOf = (stream: Stream): any[] => stream.answers.flatMap(({ data }) => (data ? [data['live']] : []))
const statusesOf = (stream: Stream): (string | null)[] => liveOf(stream).map(({ status }) => status as string | null)

for (const name of transportNames) {
  test(`${name}: the present state first, then every change`, async () => {
    const both = await openBoth(name, await tokenOf('someone'))
    for (const stream of both) assert.equal(liveOf(stream)[0].kind, 'SNAPSHOT')
    for (const to of ['RX_CHECKED', 'STOCK_HELD']) {
      await move(to)
      await until(() => both.every((stream) => statusesOf(stream).includes(to)))
    }
    for (const stream of both) assert.deepEqual(liveOf(stream).slice(1).map(({ kind, status, order }) => [kind, status, order]), ['RX_CHECKED', 'STOCK_HELD'].map((to) => ['CHANGE', to, { id: 'o1', status: to }]))
  })

  test(`${name}: what was missed comes again after a cursor, and a cursor that is not ours is refused`, async () => {
    const token = await tokenOf('someone')
    const both = await openBoth(name, token)
    const cursors = both.map((stream) => liveOf(stream)[0].cursor as string)
    for (const stream of both) stream.leave()
    for (const to of ['RX_CHECKED', 'STOCK_HELD']) await move(to)
    const again = Object.values(classes).map((query, index) => open(name, query, token, cursors[index]))
    await until(() => again.every(({ answers }) => answers.length === 2))
    await move('RELEASED')
    await until(() => again.every(({ answers }) => answers.length === 3))
    for (const stream of again) assert.deepEqual(statusesOf(stream), ['RX_CHECKED', 'STOCK_HELD', 'RELEASED'])
    for (const query of Object.values(classes)) assert.equal((await open(name, query, token, `A${cursors[0]!.slice(1)}`).ended).code, 'BAD_USER_INPUT')
  })

  test(`${name}: each event is authorised again`, async () => {
    const both = await openBoth(name, await tokenOf('someone'))
    world.data.orders.get('o1')!['patientId'] = 'p2'
    await move('RX_CHECKED')
    for (const { ended } of both) assert.equal((await ended).code, 'NOT_FOUND')
    for (const stream of both) assert.ok(!statusesOf(stream).includes('RX_CHECKED'))
  })

  test(`${name}: a stream ends with its token and goes on with a new one`, async () => {
    const both = await openBoth(name, await tokenOf('short', 2))
    for (const { ended } of both) assert.equal((await ended).code, name === 'graphql-ws' ? '4403' : 'TOKEN_EXPIRED')
    await move('RX_CHECKED')
    const token = await tokenOf('short')
    const again = Object.values(classes).map((query, index) => open(name, query, token, liveOf(both[index]!)[0].cursor))
    await until(() => again.every(({ answers }) => answers.length === 1))
    for (const stream of again) assert.deepEqual(statusesOf(stream), ['RX_CHECKED'])
  })

  test(`${name}: withdrawn access ends the stream at once`, async () => {
    const subject = `leaver-${person++}`
    const both = await openBoth(name, await tokenOf(subject))
    const others = await openBoth(name, await tokenOf('someone'))
    const broker = await connectBroker(world.nats.url, 'admin')
    const told = Date.now()
    broker.connection.publish('identity.revoked', JSON.stringify({ subject }))
    await broker.connection.flush()
    for (const { ended } of both) {
      const { code, at } = await ended
      assert.equal(code, name === 'graphql-ws' ? '4401' : 'TOKEN_REVOKED')
      assert.ok(at - told < 1_000, `${at - told} ms`)
    }
    await broker.connection.close()
    await move('RX_CHECKED')
    await until(() => others.every((stream) => statusesOf(stream).includes('RX_CHECKED')))
    for (const stream of both) assert.ok(!statusesOf(stream).includes('RX_CHECKED'))
  })

  test(`${name}: a gateway that stops sends its clients away, who go on elsewhere`, async () => {
    const token = await tokenOf('someone')
    const second = await world.startGateway()
    const both = await openBoth(name, token, second.url)
    await second.stop()
    for (const { ended } of both) assert.equal((await ended).code, name === 'graphql-ws' ? '1012' : 'SERVICE_RESTART')
    await move('RX_CHECKED')
    const again = Object.values(classes).map((query, index) => open(name, query, token, liveOf(both[index]!)[0].cursor))
    await until(() => again.every(({ answers }) => answers.length === 1))
    for (const stream of again) assert.deepEqual(statusesOf(stream), ['RX_CHECKED'])
  })
}

test('all transports: a new supergraph is in force at the next event, on the same streams', async () => {
  const token = await tokenOf('someone')
  const all = (await Promise.all(transportNames.map((name) => openBoth(name, token)))).flat()
  const doomed = transportNames.map((name) => open(name, 'subscription { live: orderChanged(orderId: "o1") { status order { trackingNumber } } }', token))
  await until(() => doomed.every(({ answers }) => answers.length > 0))
  const original = readFileSync(world.supergraphFile, 'utf8')
  const changed = original.replace(/\n *trackingNumber: String @join__field\(graph: LOGISTICS\) @authenticated/, '')
  assert.notEqual(changed, original)
  const replace = async (sdl: string): Promise<void> => {
    writeFileSync(`${world.supergraphFile}.new`, sdl)
    renameSync(`${world.supergraphFile}.new`, world.supergraphFile)
    await world.gateway.reload()
  }
  await replace(changed)
  try {
    await move('RX_CHECKED')
    await until(() => all.every((stream) => statusesOf(stream).includes('RX_CHECKED')))
    for (const { ended } of doomed) assert.equal((await ended).code, 'GRAPHQL_VALIDATION_FAILED')
  } finally {
    await replace(original)
  }
})
