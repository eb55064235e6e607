import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { after, before, test } from 'node:test'
import { type Role } from '@pharmagraph/platform/actor.ts'
import { connectBroker } from '@pharmagraph/platform/nats.ts'
import { buildGraph } from '../src/supergraph/graph.ts'
import { aDrug, anOrder } from './support/subgraphs.ts'
import { transportNames, transports } from './support/transports.ts'
import { personas, startWorld, until, type Answer, type World } from './support/world.ts'

let world: World
before(async () => {
  // one protected field that may not be null, to see its null bubble
  world = await startWorld({}, (sdl) => sdl.replace(/reservations: \[Reservation!\](?!!)/, 'reservations: [Reservation!]!'))
  world.data.orders.set('o1', anOrder('o1', 'p1'))
  world.data.drugs.set('d1', aDrug('d1', 'amoxicillin'))
  world.data.workItems.set('w1', { id: 'w1', queue: 'VERIFICATION', state: 'AVAILABLE', priority: 50, attempt: 0, dueAt: '2026-01-01T00:00:00Z', createdAt: '2026-01-01T00:00:00Z' })
})
after(() => world.stop())

const roles: Role[] = ['patient', 'caregiver', 'prescriber', 'technician', 'pharmacist', 'pharmacist-in-charge', 'inventory', 'driver', 'support', 'compliance', 'partner']
const staff = ['technician', 'pharmacist', 'pharmacist-in-charge', 'inventory', 'support', 'compliance']
const ask = async (query: string, roles?: Role[]): Promise<Answer> => (await world.graphql({ query }, roles && (await world.issuer.token({ roles, patient_id: 'p1' })))).body
const codes = ({ errors = [] }: Answer): unknown[] => errors.map(({ path, extensions }) => [path?.join('.'), extensions['code']])

/** Operation, root field, and the roles that may run it. */
const matrix: [string, string, readonly string[]][] = [
  ['{ orders { nodes { id } } }', 'orders', staff],
  ['{ workQueue(name: VERIFICATION) { depth } }', 'workQueue', staff],
  ['{ inventory { nodes { id } } }', 'inventory', staff],
  ['{ cart { id } }', 'cart', ['patient', 'caregiver']],
  ['mutation { cancelOrder(input: { orderId: "o1" }) { __typename } }', 'cancelOrder', ['patient', 'caregiver', 'support', 'pharmacist-in-charge']],
  ['mutation { adjustInventory(input: { drugId: "d1", lotId: "x", delta: 1, reason: LOSS, idempotencyKey: "k" }) { __typename } }', 'adjustInventory', ['inventory', 'pharmacist-in-charge']],
]

test('S46 each role runs what its policies give it and nothing else', async () => {
  for (const [query, field, allowed] of matrix) {
    for (const role of roles) {
      const answer = await ask(query, [role])
      if (allowed.includes(role)) assert.deepEqual(codes(answer), [], `${role} may use ${field}`)
      else assert.deepEqual([codes(answer), answer.data], [[[field, 'FORBIDDEN']], undefined], `${role} may not use ${field}`)
    }
  }
})

test('nobody is asked to sign in rather than refused', async () => {
  for (const [query, field] of matrix) assert.deepEqual(codes(await ask(query)), [[field, 'UNAUTHENTICATED']])
})

test('an operation of which nothing is left reaches no subgraph', async () => {
  const { orders } = world.subgraphs
  orders.received.length = 0
  const response = await world.graphql({ query: '{ orders { nodes { id } } }' }, await world.issuer.token({ roles: ['patient'] }))
  assert.deepEqual([orders.received.length, response.body.data, response.status], [0, undefined, 403])
  assert.equal((await world.graphql({ query: '{ orders { nodes { id } } }' })).status, 401)
})

test('a field that is not for the caller is null with its path, the rest is answered', async () => {
  const answer = await ask('{ drug(id: "d1") { name } orders { nodes { id } } drugs(search: "amox") { nodes { id } } order(id: "o1") { id } }', ['patient'])
  assert.equal(answer.data, null, 'orders is not nullable, so its null bubbles to the root')
  const nullable = await ask('{ drug(id: "d1") { name } order(id: "o1") { id shipment { id route { id } } } lot(id: "x") { id } }', ['patient'])
  assert.deepEqual(nullable.data, { drug: { name: 'amoxicillin' }, order: { id: 'o1', shipment: null }, lot: null })
  assert.deepEqual(codes(nullable), [['lot', 'FORBIDDEN']])
})

test('a forbidden field is not fetched, and its null bubbles to the nearest nullable parent', async () => {
  world.subgraphs.inventory.received.length = 0
  const answer = await ask('{ order(id: "o1") { id reservations { id } } }', ['patient'])
  assert.deepEqual(answer.data, { order: null })
  assert.deepEqual(codes(answer), [['order.reservations', 'FORBIDDEN']])
  assert.equal(world.subgraphs.inventory.received.length, 0)
  assert.deepEqual(await ask('{ order(id: "o1") { id reservations { id } } }', ['technician']), { data: { order: { id: 'o1', reservations: [] } } })
})

test('a type that is not for the caller is refused wherever it is returned, aliased and through fragments', async () => {
  for (const query of ['{ x: lot(id: "1") { id } drug(id: "d1") { id } }', '{ ...F drug(id: "d1") { id } } fragment F on Query { x: lot(id: "1") { ... on Lot { id } } }']) {
    const answer = await ask(query, ['driver'])
    assert.deepEqual([answer.data, codes(answer)], [{ x: null, drug: { id: 'd1' } }, [['x', 'FORBIDDEN']]])
  }
})

test('a field that is skipped is not refused', async () => {
  const query = 'query Q($full: Boolean!) { order(id: "o1") { id reservations @include(if: $full) { id } } }'
  const token = await world.issuer.token(personas.patient())
  const without = await world.graphql({ query, variables: { full: false } }, token)
  assert.deepEqual(without.body, { data: { order: { id: 'o1' } } })
  const withIt = await world.graphql({ query, variables: { full: true } }, token)
  assert.deepEqual(codes(withIt.body), [['order.reservations', 'FORBIDDEN']])
})

test('mutations that remain run in order when others are refused', async () => {
  world.data.orders.set('o2', anOrder('o2', 'p1'))
  const answer = await ask('mutation { a: cancelOrder(input: { orderId: "o2" }) { ... on OrderPayload { order { status } } } b: refundOrder(input: { orderId: "o2", amountMinor: 1, reason: "x", idempotencyKey: "k" }) { __typename } }', ['patient'])
  assert.equal(world.data.orders.get('o2')!['status'], 'CANCELLED')
  assert.deepEqual(codes(answer), [['b', 'FORBIDDEN']])
})

const sdl = readFileSync(resolve(import.meta.dirname, '../../schema/supergraph.graphql'), 'utf8')

test('a supergraph with a policy that nobody can decide is refused', () => {
  assert.throws(() => buildGraph(sdl.replace('["role:compliance"]', '["role:wizard"]')), /role:wizard/)
})

test('a supergraph with a security feature that is not enforced is refused', () => {
  const unknown = sdl.replace('@link(url: "https://specs.apollo.dev/policy/v0.1", for: SECURITY)', '@link(url: "https://specs.apollo.dev/policy/v0.1", for: SECURITY)\n  @link(url: "https://specs.example.com/secrecy/v1.0", for: SECURITY)')
  assert.notEqual(unknown, sdl)
  assert.throws(() => buildGraph(unknown), /secrecy/)
})

test('a security directive keeps its meaning under another name', () => {
  const renamed = sdl
    .replace('@link(url: "https://specs.apollo.dev/policy/v0.1", for: SECURITY)', '@link(url: "https://specs.apollo.dev/policy/v0.1", as: "guard", for: SECURITY)')
    .replaceAll('@policy(', '@guard(').replaceAll('policy__Policy', 'guard__Policy')
  assert.deepEqual(buildGraph(renamed).rules, buildGraph(sdl).rules)
})

test('S47 what the gateway refuses by role is noted for the audit: who, which operation and fields, which ids, no text of the client', async () => {
  const { connection, jetstream } = await connectBroker(world.nats.url, 'reader')
  const seen: { data: object; actor: string; actorrole: string }[] = []
  const consumer = await jetstream.consumers.get('EVENTS', { filterSubjects: 'events.audit.phi-read.v1.>' })
  const messages = await consumer.consume({ callback: (message) => void seen.push(message.json()) })
  const orderId = '01990000-0000-7000-8000-00000000000a'
  world.data.orders.set(orderId, anOrder(orderId, 'p1'))
  const query = 'query Mine($id: ID!, $word: String) { secretly: order(id: $id) { ...F } drugs(search: $word) { nodes { id } } } fragment F on Order { hidden: reservations { id } }'
  const answer = await world.graphql({ query, variables: { id: orderId, word: 'my own words' } }, await world.issuer.token({ sub: 'curious', roles: ['patient'], patient_id: 'p1' }))
  assert.equal(answer.body.errors?.[0]?.extensions['code'] ?? 'FORBIDDEN', 'FORBIDDEN')
  await until(() => seen.some(({ actor }) => actor === 'curious'))
  const [note] = seen.filter(({ actor }) => actor === 'curious')
  assert.equal(note!.actorrole, 'patient')
  assert.deepEqual(note!.data, { operation: 'ad hoc', clientId: 'web', shown: [], patientIds: [], refused: [{ what: 'order.reservations', ids: [orderId] }] })
  await messages.close()
  await connection.close()
})

test('S47 a subscription that is refused by role is noted as well, whole or in part, over every transport', async () => {
  const { connection, jetstream } = await connectBroker(world.nats.url, 'reader')
  const seen: { data: { operation: string; refused: unknown }; actor: string }[] = []
  const consumer = await jetstream.consumers.get('EVENTS', { filterSubjects: 'events.audit.phi-read.v1.>' })
  const messages = await consumer.consume({ callback: (message) => void seen.push(message.json()) })
  const orderId = '01990000-0000-7000-8000-00000000000b'
  world.data.orders.set(orderId, anOrder(orderId, 'p1'))
  for (const [index, name] of transportNames.entries()) {
    const token = await world.issuer.token({ sub: `curious-${index}`, roles: ['patient'], patient_id: 'p1' })
    const whole = transports[name](world.gateway.url, token, { query: 'subscription { live: verificationQueue { state } }' })
    assert.equal((await whole.ended).code, 'FORBIDDEN')
    const claim = transports[name](world.gateway.url, await world.issuer.token({ sub: `curious-${index}`, roles: ['patient'] }), { query: 'subscription { live: myOrderChanged { kind } }' })
    assert.equal((await claim.ended).code, 'FORBIDDEN')
    // the field may not be null, so that its refusal costs the event; the note is the same
    const part = transports[name](world.gateway.url, token, { query: 'subscription Live($id: ID!) { live: orderChanged(orderId: $id) { kind order { reservations { id } } } }', variables: { id: orderId } })
    const noted = (what: string) => seen.some(({ actor, data }) => actor === `curious-${index}` && JSON.stringify(data.refused).includes(`"${what}"`))
    await until(() => noted('verificationQueue') && noted('myOrderChanged') && noted('orderChanged.order.reservations'))
    part.leave()
  }
  const note = seen.find(({ data }) => JSON.stringify(data.refused).includes('orderChanged.order.reservations'))!
  assert.deepEqual(note.data.refused, [{ what: 'orderChanged.order.reservations', ids: [orderId] }])
  await messages.close()
  await connection.close()
})

test('S82 with introspection off nobody reads the schema, over no transport, and a wrong name is not corrected', async () => {
  const closed = await world.startGateway({ introspection: false })
  try {
    const token = await world.issuer.token({ roles: ['patient'], patient_id: 'p1' })
    const post = async (query: string, accept: string, path = '') => {
      const response = await fetch(`${closed.url}${path}`, { method: 'POST', headers: { 'content-type': 'application/json', accept, authorization: `Bearer ${token}` }, body: JSON.stringify({ query }) })
      return response.text()
    }
    for (const query of ['{ __schema { types { name } } }', '{ __type(name: "Patient") { name } drug(id: "d1") { ... @defer { name } } }', '{ drug(id: "d1") { nmae } }']) {
      const answers = [await post(query, 'application/json'), await post(query, 'multipart/mixed;deferSpec=20220824, application/json'), await post(query, 'text/event-stream', '/stream'), await post(query, 'multipart/mixed;subscriptionSpec=1.0')]
      const client = world.client(token, closed)
      answers.push(await client.iterate({ query }).next().then((answer) => JSON.stringify(answer), (errors) => JSON.stringify(errors)))
      await client.dispose()
      for (const [index, answer] of answers.entries()) {
        assert.match(answer, /GRAPHQL_VALIDATION_FAILED/, `${query} ${index}: ${answer}`)
        assert.doesNotMatch(answer, /"Patient"|"types":|Did you mean/, `${query} ${index}: ${answer}`)
      }
    }
  } finally {
    await closed.stop()
  }
})

test('by configuration an operation of which anything is not the caller’s is rejected whole, and reaches no subgraph', async () => {
  const strict = await world.startGateway({ unauthorized: 'reject' })
  try {
    const askStrictly = async (body: object, roles: Role[]) => {
      const token = await world.issuer.token({ roles, patient_id: 'p1' })
      const response = await fetch(strict.url, { method: 'POST', headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` }, body: JSON.stringify(body) })
      return { status: response.status, body: (await response.json()) as Answer }
    }
    const query = 'query Q($full: Boolean!) { drug(id: "d1") { name } mine: order(id: "o1") { id ... on Order { reservations @include(if: $full) { id } } } }'
    for (const { received } of Object.values(world.subgraphs)) received.length = 0
    const rejected = await askStrictly({ query, variables: { full: true } }, ['patient'])
    assert.deepEqual([rejected.status, rejected.body.data, codes(rejected.body)], [403, undefined, [['mine.reservations', 'FORBIDDEN']]])
    assert.ok(Object.values(world.subgraphs).every(({ received }) => received.length === 0))
    assert.deepEqual(await askStrictly({ query, variables: { full: false } }, ['patient']), { status: 200, body: { data: { drug: { name: 'amoxicillin' }, mine: { id: 'o1' } } } })
    assert.deepEqual((await askStrictly({ query, variables: { full: true } }, ['technician'])).body.errors, undefined)
  } finally {
    await strict.stop()
  }
})
