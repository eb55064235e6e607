import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { connectBroker } from '@pharmagraph/platform/nats.ts'
import { revocationSubject } from '../src/identity/revocations.ts'
import { anOrder } from './support/subgraphs.ts'
import { personas, startWorld, take, until, type World } from './support/world.ts'

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
    // messages that are handed on with a token are counted as well
    assert.equal((await fetch(new URL('/fhir/R4/Patient/1', gateway.url), { headers: { authorization: `Bearer ${one}` } })).status, 429)
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

const askAt = async (gateway: { url: string }, token: string): Promise<number> =>
  (await fetch(gateway.url, { method: 'POST', headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` }, body: '{"query":"{ __typename }"}' })).status
const isReady = async (gateway: { url: string }): Promise<boolean> => (await fetch(new URL('/ready', gateway.url))).ok

test('two gateways share one budget of a person', async () => {
  const rates = { perPerson: 40, perClient: 1_000_000, perAddress: 1_000 }
  const gateways = await Promise.all([world.startGateway({ rates }), world.startGateway({ rates })])
  try {
    await Promise.all(gateways.map((gateway) => until(() => isReady(gateway))))
    const token = await world.issuer.token(personas.patient('p9'))
    const outcomes: number[] = []
    // in turn, as a balancer sends them, and slowly enough that the gateways hear of each other
    for (let time = 0; time < 60; time++) {
      outcomes.push(await askAt(gateways[time % 2]!, token))
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    const admitted = outcomes.filter((status) => status === 200).length
    assert.ok(admitted >= 40 && admitted <= 50, `${admitted} of a budget of 40 were admitted; each gateway alone would admit 30`)
    await until(async () => (await Promise.all(gateways.map((gateway) => askAt(gateway, token)))).every((status) => status === 429))
    assert.equal(await askAt(gateways[0]!, await world.issuer.token(personas.patient('p10'))), 200)
  } finally {
    await Promise.all(gateways.map((gateway) => gateway.stop()))
  }
})

test('withdrawn access stays withdrawn over a restart of every gateway and of the broker', async () => {
  const old = await world.issuer.token(personas.patient('p11'))
  const spared = await world.issuer.token(personas.patient('p12'))
  assert.equal(await askAt(world.gateway, old), 200)
  const { connection } = await connectBroker(world.nats.url, 'revoker')
  connection.publish(revocationSubject, JSON.stringify({ subject: 'patient-p11' }))
  await connection.flush()
  await until(async () => (await askAt(world.gateway, old)) === 401)
  await connection.close()
  await world.nats.kill()
  await world.nats.restart()
  const later = await world.startGateway()
  try {
    await until(() => isReady(later))
    assert.deepEqual([await askAt(later, old), await askAt(later, spared)], [401, 200])
  } finally {
    await later.stop()
  }
})

test('what was withdrawn while the broker could not be reached holds as soon as it can; a later sign-in is not touched by it', async () => {
  await until(() => isReady(world.gateway))
  // issued in ten minutes, as by a sign-in after the access was withdrawn
  const renewed = await world.issuer.token(personas.patient('p13'), { issuedIn: 600 })
  const socket = world.client(renewed)
  world.data.orders.set('o13', anOrder('o13', 'p13'))
  const events = socket.iterate({ query: 'subscription { orderChanged(orderId: "o13") { kind status } }' })
  await take(events, 1)
  const old = await world.issuer.token(personas.patient('p13'))
  assert.equal(await askAt(world.gateway, old), 200)
  await world.nats.kill()
  await world.nats.restart()
  const { connection } = await connectBroker(world.nats.url, 'revoker')
  connection.publish(revocationSubject, JSON.stringify({ subject: 'patient-p13' }))
  await connection.flush()
  await connection.close()
  await until(async () => (await askAt(world.gateway, old)) === 401)
  assert.equal(await askAt(world.gateway, renewed), 200)
  await until(() => world.gateway.live().following)
  await world.publish('orders.order-status-changed.v1', { orderId: 'o13', patientId: 'p13', from: 'X', to: 'RX_CHECKED', reasonCode: null })
  assert.equal((await take(events, 1))[0]!.data!['orderChanged'].status, 'RX_CHECKED')
  await socket.dispose()
})
