import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { after, before, test } from 'node:test'
import { decodeJwt } from 'jose'
import { aDrug, anOrder } from './support/subgraphs.ts'
import { personas, startWorld, type World } from './support/world.ts'

let world: World
before(async () => {
  world = await startWorld()
  world.data.orders.set('o1', anOrder('o1', 'p1'))
  world.data.drugs.set('d1', aDrug('d1', 'amoxicillin'))
  world.data.patients.set('p1', { id: 'p1' })
})
after(() => world.stop())

async function call(method: string, path: string, { token, body }: { token?: string; body?: unknown } = {}): Promise<{ status: number; body: any }> {
  const response = await fetch(new URL(path, world.gateway.url), {
    method,
    headers: { ...(token && { authorization: `Bearer ${token}` }), ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  return { status: response.status, body: await response.json() }
}

test('the REST names answer from the same operations as the graph', async () => {
  const token = await world.issuer.token(personas.patient())
  const drugs = await call('GET', '/drugs/search?name=amox&first=5')
  assert.deepEqual([drugs.status, drugs.body.nodes[0].name, drugs.body.nodes[0].availability.status], [200, 'amoxicillin', 'IN_STOCK'])
  const order = await call('GET', '/orders/o1/status', { token })
  assert.deepEqual([order.status, order.body.status, order.body.trackingNumber], [200, 'CHECKOUT_STARTED', 'TRACK-1'])
  const prescriptions = await call('GET', '/patients/p1/prescriptions?filter=active', { token })
  assert.deepEqual([prescriptions.status, prescriptions.body], [200, { id: 'p1', prescriptions: { nodes: [], pageInfo: { hasNextPage: false, endCursor: null } } }])
  const registered = await call('POST', '/patients/register', { token: await world.issuer.token(personas.patient('p9')), body: { given: 'Ada', family: 'Byron', dateOfBirth: '1815-12-10', sex: 'FEMALE', email: 'ada@example.com', phone: '2065550100' } })
  assert.deepEqual([registered.status, registered.body.patient.name.full], [201, 'Ada Byron'])
})

test('the REST names refuse with the status that the code has', async () => {
  const token = await world.issuer.token(personas.patient())
  const cases: [string, string, object, number, string][] = [
    ['GET', '/orders/o1/status', {}, 401, 'UNAUTHENTICATED'],
    ['GET', '/orders/o1/status', { token: 'nonsense' }, 401, 'UNAUTHENTICATED'],
    ['GET', '/orders/elsewhere/status', { token }, 404, 'NOT_FOUND'],
    ['PUT', '/inventory/d1/adjust', { token, body: { lotId: 'x', delta: -5, reason: 'LOSS', idempotencyKey: 'k' } }, 403, 'FORBIDDEN'],
    ['POST', '/cart/checkout', { token, body: { cartId: 'c1', addressId: 'a1', idempotencyKey: 'k' } }, 400, 'INVALID_INPUT'],
    ['POST', '/cart/checkout', { token, body: { cartId: 'c1' } }, 400, 'INVALID_INPUT'],
    ['POST', '/drugs/search', { token, body: {} }, 405, 'INVALID_INPUT'],
  ]
  for (const [method, path, given, status, code] of cases) {
    const answer = await call(method, path, given)
    assert.deepEqual([answer.status, answer.body.code], [status, code], `${method} ${path}`)
  }
})

test('a foreseen refusal of the domain keeps its details', async () => {
  const token = await world.issuer.token({ roles: ['inventory'] })
  const { status, body } = await call('PUT', '/inventory/d1/adjust', { token, body: { lotId: 'x', delta: -5, reason: 'LOSS', idempotencyKey: 'k' } })
  assert.deepEqual([status, body], [422, { code: 'INSUFFICIENT_STOCK', message: 'not that many', available: 1, requested: 5 }])
})

test('a service that is down is told as such', async () => {
  await world.subgraphs.catalog.stop()
  const { status, body } = await call('GET', '/drugs/search?name=a')
  await world.subgraphs.catalog.start()
  assert.deepEqual([status, body.code], [503, 'SUBGRAPH_UNAVAILABLE'])
})

test('signed messages reach their owner byte for byte, with their headers', async () => {
  const bytes = randomBytes(70_000)
  const routes: [string, 'orders' | 'prescriptions' | 'logistics'][] = [
    ['/webhooks/stripe', 'orders'], ['/webhooks/epcs/status', 'prescriptions'], ['/erx/script', 'prescriptions'], ['/webhooks/carrier/s1', 'logistics'], ['/deliveries/s1/status', 'logistics'],
  ]
  for (const [path, owner] of routes) {
    const { received } = world.subgraphs[owner]
    received.length = 0
    const response = await fetch(new URL(`${path}?a=%20b`, world.gateway.url), {
      method: 'POST', body: bytes,
      headers: { 'content-type': 'application/vnd.test; charset="x"', 'stripe-signature': 't=1,v1=abc', 'x-actor': 'forged', 'x-correlation-id': 'correlation-9' },
    })
    assert.equal(response.status, 200, path)
    assert.deepEqual(await response.json(), { received: true })
    const [message] = received
    assert.equal(message!.url, `${path}?a=%20b`)
    assert.equal(createHash('sha256').update(message!.body).digest('hex'), createHash('sha256').update(bytes).digest('hex'))
    assert.equal(message!.headers['content-type'], 'application/vnd.test; charset="x"')
    assert.equal(message!.headers['stripe-signature'], 't=1,v1=abc')
    assert.equal(message!.headers['x-correlation-id'], 'correlation-9')
    assert.equal(message!.headers['x-actor'], undefined, 'only the gateway says who calls')
  }
})

test("the owner's answer comes back as it is", async () => {
  const { prescriptions } = world.subgraphs
  prescriptions.answer = { status: 422, body: '<Error>900</Error>', contentType: 'application/xml' }
  const response = await fetch(new URL('/erx/script', world.gateway.url), { method: 'POST', body: '<Message/>', headers: { 'content-type': 'application/xml' } })
  assert.deepEqual([response.status, response.headers.get('content-type'), await response.text()], [422, 'application/xml', '<Error>900</Error>'])
})

test('FHIR needs a bearer token and tells the owner who calls', async () => {
  const { prescriptions } = world.subgraphs
  prescriptions.answer = { status: 201, body: '{"resourceType":"MedicationRequest"}', contentType: 'application/fhir+json' }
  const post = (headers: Record<string, string>) => fetch(new URL('/fhir/R4/MedicationRequest', world.gateway.url), { method: 'POST', body: '{"resourceType":"MedicationRequest"}', headers: { 'content-type': 'application/fhir+json', ...headers } })
  assert.equal((await post({})).status, 401)
  prescriptions.received.length = 0
  const response = await post({ authorization: `Bearer ${await world.issuer.token(personas.partner)}` })
  assert.equal(response.status, 201)
  const [message] = prescriptions.received
  assert.equal((decodeJwt(String(message!.headers['x-actor']))['actor'] as { practitionerId: string }).practitionerId, 'pr1')
  assert.equal(message!.headers['authorization'], undefined)
})

test('a picture of a prescription goes to its owner, up to ten megabytes, for whoever is signed in', async () => {
  const { prescriptions } = world.subgraphs
  prescriptions.answer = { status: 201, body: '{}', contentType: 'application/json' }
  const post = (bytes: number, headers: Record<string, string>) => fetch(new URL('/uploads/prescriptions', world.gateway.url), { method: 'POST', body: Buffer.alloc(bytes), headers: { 'content-type': 'image/jpeg', ...headers } })
  const authorization = `Bearer ${await world.issuer.token(personas.partner)}`
  assert.equal((await post(10, {})).status, 401)
  prescriptions.received.length = 0
  assert.equal((await post(10 * 1024 * 1024, { authorization })).status, 201)
  assert.equal(prescriptions.received[0]!.body.length, 10 * 1024 * 1024)
  assert.equal((await post(10 * 1024 * 1024 + 1, { authorization })).status, 413)
})

test('a message for an owner that is down is asked for again', async () => {
  await world.subgraphs.orders.stop()
  const response = await fetch(new URL('/webhooks/stripe', world.gateway.url), { method: 'POST', body: '{}' })
  await world.subgraphs.orders.start()
  assert.equal(response.status, 503)
})

test('a message beyond two megabytes is refused', async () => {
  const response = await fetch(new URL('/webhooks/stripe', world.gateway.url), { method: 'POST', body: Buffer.alloc(2 * 1024 * 1024 + 1) })
  assert.equal(response.status, 413)
})

test('the REST names describe themselves in an OpenAPI document', async () => {
  const { status, body } = await call('GET', '/openapi.json')
  assert.deepEqual([status, body.openapi], [200, '3.1.0'])
  assert.deepEqual(Object.keys(body.paths).sort(), ['/cart/checkout', '/drugs/search', '/inventory/{drugId}/adjust', '/orders/{orderId}/status', '/patients/register', '/patients/{patientId}/prescriptions', '/prescriptions/submit'])
  const prescriptions = body.paths['/patients/{patientId}/prescriptions'].get
  assert.deepEqual(prescriptions.parameters.map(({ name, in: place }: { name: string; in: string }) => [place, name]), [['path', 'patientId'], ['query', 'filter'], ['query', 'first'], ['query', 'after']])
  assert.ok(prescriptions.parameters[1].schema.enum.includes('ALL'))
  // every reference leads somewhere
  for (const [, name] of JSON.stringify(body).matchAll(/#\/components\/schemas\/(\w+)/g)) assert.ok(body.components.schemas[name!], name)
  assert.deepEqual(body.paths['/patients/register'].post.requestBody.content['application/json'].schema, { $ref: '#/components/schemas/RegisterPatientInput' })
})
