import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { connectBroker } from '@pharmagraph/platform/nats.ts'
import { revocationSubject } from '../src/identity/revocations.ts'
import { anOrder } from './support/subgraphs.ts'
import { personas, startWorld, take, type World } from './support/world.ts'

let world: World
before(async () => {
  world = await startWorld()
  world.data.orders.set('o1', anOrder('o1', 'p1'))
  world.data.orders.set('o2', anOrder('o2', 'p2'))
})
after(() => world.stop())

test('S82 a person, and an address without one, may run so many operations a minute; others are not held up', async () => {
  const gateway = await world.startGateway({ rates: { perPerson: 3, perClient: 1_000, perAddress: 2 } })
  try {
    const ask = async (token?: string) => {
      const response = await fetch(gateway.url, { method: 'POST', headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) }, body: '{"query":"{ __typename }"}' })
      return [response.status, ((await response.json()) as { errors?: { extensions: { code: string } }[] }).errors?.[0]?.extensions.code, Number(response.headers.get('retry-after')) > 0]
    }
    const [one, other] = [await world.issuer.token(personas.patient('p1')), await world.issuer.token(personas.patient('p2'))]
    for (let time = 0; time < 3; time++) assert.deepEqual(await ask(one), [200, undefined, false])
    assert.deepEqual(await ask(one), [429, 'RATE_LIMITED', true])
    assert.deepEqual(await ask(other), [200, undefined, false])
    for (let time = 0; time < 2; time++) assert.equal((await ask())[0], 200)
    assert.equal((await ask())[0], 429)
    const limited = world.client(one, gateway)
    await assert.rejects(limited.iterate({ query: 'subscription { orderChanged(orderId: "o1") { kind } }' }).next(), (errors: any) => errors[0].extensions.code === 'RATE_LIMITED')
    await limited.dispose()
  } finally {
    await gateway.stop()
  }
})

test('withdrawn access closes its streams within moments and its token is refused, nobody else notices', async () => {
  const [one, other] = [await world.issuer.token(personas.patient('p1')), await world.issuer.token(personas.patient('p2'))]
  const query = (id: string) => ({ query: `subscription { orderChanged(orderId: "${id}") { kind status } }` })
  const [socket, spared] = [world.client(one), world.client(other)]
  const [events, sparedEvents] = [socket.iterate(query('o1')), spared.iterate(query('o2'))]
  await Promise.all([take(events, 1), take(sparedEvents, 1)])
  const stream = await fetch(`${world.gateway.url}/stream`, { method: 'POST', headers: { 'content-type': 'application/json', accept: 'text/event-stream', authorization: `Bearer ${one}` }, body: JSON.stringify(query('o1')) })
  const ended = stream.text()
  const failed = events.next().then(() => undefined, (error: unknown) => error)
  const { connection } = await connectBroker(world.nats.url, 'revoker')
  const started = performance.now()
  connection.publish(revocationSubject, JSON.stringify({ subject: 'patient-p1' }))
  const { code, reason } = await socket.closed
  assert.ok(performance.now() - started < 1_000)
  assert.deepEqual([code, reason], [4401, 'TOKEN_REVOKED'])
  await failed
  assert.match(await ended, /"code":"UNAUTHENTICATED","reason":"TOKEN_REVOKED"/)
  const { status, body } = await world.graphql({ query: '{ __typename }' }, one)
  assert.deepEqual([status, body.errors![0]!.extensions['reason']], [401, 'TOKEN_REVOKED'])
  await world.publish('orders.order-status-changed.v1', { orderId: 'o2', patientId: 'p2', from: 'X', to: 'RX_CHECKED', reasonCode: null })
  assert.equal((await take(sparedEvents, 1))[0]!.data!['orderChanged'].status, 'RX_CHECKED')
  await connection.close()
  await spared.dispose()
})
