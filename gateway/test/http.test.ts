import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { decodeJwt } from 'jose'
import { readManifest } from '../src/operations/manifest.ts'
import { resolve } from 'node:path'
import { aDrug, anOrder } from './support/subgraphs.ts'
import { personas, startWorld, type World } from './support/world.ts'

let world: World
const manifest = readManifest(resolve(import.meta.dirname, '../../schema/operations'))
const idOf = (client: string, name: string): string => manifest.operations.find((operation) => operation.clientName === client && operation.name === name)!.id

before(async () => {
  world = await startWorld()
})
after(() => world.stop())
beforeEach(() => {
  world.data.orders.clear()
  world.data.drugs.clear()
  world.data.orders.set('o1', anOrder('o1', 'p1', { lines: [{ id: 'l1', drug: { id: 'd1' }, quantity: 1, status: 'PENDING', unitPrice: { amountMinor: 1, currency: 'USD' }, lineTotal: { amountMinor: 1, currency: 'USD' } }] }))
  world.data.shipments.set('s1', { id: 's1', orderId: 'o1', patientId: 'p1', carrier: 'OWN', trackingNumber: 'T1', status: 'CREATED', attempts: 0 })
  world.data.drugs.set('d1', aDrug('d1', 'amoxicillin'))
  for (const subgraph of Object.values(world.subgraphs)) subgraph.received.length = 0
})

const orderQuery = 'query Order($id: ID!) { order(id: $id) { id status lines { drug { name availability { status } } } shipment { status } patient { id } } }'

test('one query is answered from several subgraphs', async () => {
  const { status, body } = await world.graphql({ query: orderQuery, variables: { id: 'o1' } }, await world.issuer.token(personas.patient()))
  assert.equal(status, 200)
  assert.deepEqual(body, {
    data: { order: { id: 'o1', status: 'CHECKOUT_STARTED', lines: [{ drug: { name: 'amoxicillin', availability: { status: 'IN_STOCK' } } }], shipment: { status: 'CREATED' }, patient: { id: 'p1' } } },
  })
})

test('subgraphs receive the actor signed by the gateway, the trace and the correlation id', async () => {
  const token = await world.issuer.token({ ...personas.patient('p7'), scope: 'openid graph', amr: ['pwd', 'otp'], auth_time: 1_700_000_000 }, { expiresIn: 60 })
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  const { headers } = await world.graphql({ query: orderQuery, variables: { id: 'o1' } }, token, { 'x-correlation-id': 'correlation-1', traceparent, 'x-actor': 'forged' })
  assert.equal(headers.get('x-correlation-id'), 'correlation-1')
  const [received] = world.subgraphs.orders.received
  const claims = decodeJwt(String(received!.headers['x-actor']))
  assert.equal(claims.iss, 'pharmagraph-gateway')
  assert.equal(claims.aud, 'pharmagraph-subgraphs')
  assert.equal(claims.sub, 'patient-p7')
  assert.equal(claims.exp, decodeJwt(token).exp, 'the actor ends with the access token')
  assert.deepEqual(claims['actor'], { subject: 'patient-p7', roles: ['patient'], scopes: ['openid', 'graph'], amr: ['pwd', 'otp'], patientId: 'p7', clientId: 'web', authTime: 1_700_000_000 })
  assert.equal(received!.headers['x-correlation-id'], 'correlation-1')
  assert.match(String(received!.headers['traceparent']), /^00-0af7651916cd43dd8448eb211c80319c-(?!b7ad6b7169203331)[0-9a-f]{16}-01$/)
})

test('an actor token of a long session is valid for five minutes at most, and is reused', async () => {
  const token = await world.issuer.token(personas.patient(), { expiresIn: 86_400 })
  await world.graphql({ query: orderQuery, variables: { id: 'o1' } }, token)
  await world.graphql({ query: orderQuery, variables: { id: 'o1' } }, token)
  const tokens = world.subgraphs.orders.received.map(({ headers }) => String(headers['x-actor']))
  assert.equal(new Set(tokens).size, 1)
  const { exp, iat } = decodeJwt(tokens[0]!)
  assert.ok(exp! - iat! <= 300)
})

test('an anonymous caller reaches subgraphs as an actor without roles', async () => {
  const { body } = await world.graphql({ query: '{ drugs(search: "amox") { nodes { name } } }' })
  assert.deepEqual(body, { data: { drugs: { nodes: [{ name: 'amoxicillin' }] } } })
  assert.deepEqual(decodeJwt(String(world.subgraphs.catalog.received[0]!.headers['x-actor']))['actor'], { subject: 'anonymous', roles: [], scopes: [], amr: [] })
})

test('a token that is expired, forged, or meant for others is refused, never taken for anonymous', async () => {
  const query = { query: '{ drugs(search: "a") { nodes { name } } }' }
  const cases: [string, string][] = [
    [await world.issuer.token({}, { expiresIn: -60 }), 'TOKEN_EXPIRED'],
    [await world.issuer.token({}, { expiresIn: -2 }), 'TOKEN_EXPIRED'],
    [await world.issuer.token({}, { audience: 'others' }), 'TOKEN_INVALID'],
    [`${(await world.issuer.token()).slice(0, -4)}AAAA`, 'TOKEN_INVALID'],
    ['nonsense', 'TOKEN_INVALID'],
  ]
  for (const [token, reason] of cases) {
    const { status, body } = await world.graphql(query, token)
    assert.equal(status, 401)
    assert.deepEqual([body.errors![0]!.extensions['code'], body.errors![0]!.extensions['reason'], body.data], ['UNAUTHENTICATED', reason, undefined])
  }
})

test('no token makes anybody the system', async () => {
  const { body } = await world.graphql({ query: '{ orders { nodes { id } } }' }, await world.issuer.token({ roles: ['system'] }))
  assert.equal(body.errors![0]!.extensions['code'], 'FORBIDDEN')
})

test('what belongs to somebody else reads as null', async () => {
  const { body } = await world.graphql({ query: '{ order(id: "o1") { id } }' }, await world.issuer.token(personas.patient('p2')))
  assert.deepEqual(body, { data: { order: null } })
})

test('a subgraph that is down costs its own fields only, and is named', async () => {
  await world.subgraphs.logistics.stop()
  try {
    const { status, body } = await world.graphql({ query: orderQuery, variables: { id: 'o1' } }, await world.issuer.token(personas.patient()))
    assert.equal(status, 200)
    assert.equal(body.data!['order'].status, 'CHECKOUT_STARTED')
    assert.equal(body.data!['order'].shipment, null)
    assert.deepEqual(body.errors!.map(({ path, extensions }) => [path, extensions['code'], extensions['serviceName']]), [[['order', 'shipment'], 'SUBGRAPH_UNAVAILABLE', 'logistics']])
  } finally {
    await world.subgraphs.logistics.start()
  }
})

test('a missing non-null field makes the nearest nullable parent null, with the one error that explains it', async () => {
  await world.subgraphs.catalog.stop()
  try {
    const { body } = await world.graphql({ query: orderQuery, variables: { id: 'o1' } }, await world.issuer.token(personas.patient()))
    assert.deepEqual(body.data!['order'].lines, [{ drug: null }])
    assert.deepEqual(body.errors!.map(({ path, extensions }) => [path, extensions['code']]), [[['order', 'lines', 0, 'drug', 'name'], 'SUBGRAPH_UNAVAILABLE']])
  } finally {
    await world.subgraphs.catalog.start()
  }
})

test('a subgraph that restarts between two requests is not noticed by a query', async () => {
  const token = await world.issuer.token(personas.patient())
  const ask = () => world.graphql({ query: orderQuery, variables: { id: 'o1' } }, token)
  await ask()
  await world.subgraphs.orders.stop()
  await world.subgraphs.orders.start()
  assert.equal((await ask()).body.errors, undefined)
})

test('an error of a subgraph keeps its code and gets its place in the whole answer', async () => {
  const { body } = await world.graphql({ query: 'mutation { cancelOrder(input: { orderId: "nowhere" }) { __typename } }' }, await world.issuer.token(personas.patient()))
  assert.equal(body.data, null)
  assert.deepEqual(body.errors!.map(({ path, extensions, message }) => [path, extensions['code'], extensions['serviceName'], message]), [[['cancelOrder'], 'NOT_FOUND', 'orders', 'no such order']])
})

test('introspection and ad-hoc operations work together', async () => {
  const { body } = await world.graphql({ query: '{ __type(name: "Money") { fields { name } } drug(id: "d1") { name } }' })
  assert.deepEqual(body.data, { __type: { fields: [{ name: 'amountMinor' }, { name: 'currency' }] }, drug: { name: 'amoxicillin' } })
})

test('parameters that are null count as left out, those of a wrong type are refused by name', async () => {
  const nothing = { operationName: null, variables: null, extensions: null }
  for (const request of [{ query: '{ drug(id: "d1") { name } }' }, { documentId: idOf('web', 'SearchDrugs') }]) {
    assert.equal((await world.graphql({ ...request, ...nothing })).body.errors, undefined)
  }
  for (const [name, value] of [['query', 5], ['variables', []], ['variables', 'x'], ['documentId', {}]]) {
    const { status, body } = await world.graphql({ query: '{ __typename }', [String(name)]: value })
    assert.deepEqual([status, body.errors![0]!.extensions['field']], [400, name])
  }
})

test('an operation that does not fit the graph is refused with its reason', async () => {
  const { status, body } = await world.graphql({ query: '{ drug(id: "d1") { nmae } }' })
  assert.equal(status, 400)
  assert.equal(body.errors![0]!.extensions['code'], 'GRAPHQL_VALIDATION_FAILED')
})

test('S82 operations that are too deep, too wide or too long are refused', async () => {
  const deep = `{ drug(id: "d1") { ${'equivalents { '.repeat(16)} name ${'} '.repeat(16)} } }`
  const wide = `{ ${Array.from({ length: 60 }, (_, index) => `a${index}: drug(id: "d1") { name }`).join(' ')} }`
  const long = `{ drug(id: "d1") { ${'name '.repeat(3_000)} } }`
  for (const [query, code] of [[deep, 'OPERATION_TOO_LARGE'], [wide, 'OPERATION_TOO_LARGE'], [long, 'GRAPHQL_PARSE_FAILED']]) {
    const { body } = await world.graphql({ query })
    assert.equal(body.errors?.[0]?.extensions['code'], code)
  }
  assert.equal(world.subgraphs.catalog.received.length, 0)
})

test('S82 an operation that may return too many objects is refused before it runs, persisted or not', async () => {
  const nested = '{ drugs(first: 100) { nodes { equivalents { equivalents { equivalents { id } } } } } }'
  for (const body of [{ query: nested }, { documentId: idOf('web', 'SearchDrugs'), variables: { first: 100_000 } }]) {
    const answer = await world.graphql(body)
    assert.deepEqual([answer.body.data, answer.body.errors![0]!.extensions['code']], [undefined, 'OPERATION_TOO_COSTLY'])
    assert.ok(answer.body.errors![0]!.extensions['estimatedCost'] > 20_000)
  }
  assert.equal(world.subgraphs.catalog.received.length, 0)
  assert.equal((await world.graphql({ documentId: idOf('web', 'SearchDrugs'), variables: { first: 100 } })).body.errors, undefined)
})

test('a request that a form of another site could send is refused', async () => {
  const response = await fetch(world.gateway.url, { method: 'POST', headers: { 'content-type': 'text/plain' }, body: JSON.stringify({ query: '{ drugs { nodes { id } } }' }) })
  assert.equal(response.status, 415)
  const get = await fetch(`${world.gateway.url}?query=${encodeURIComponent('{ drugs { nodes { id } } }')}`)
  assert.equal(get.status, 400)
})

test('S82 a persisted operation runs by its id, under each name the id is known by', async () => {
  const token = await world.issuer.token(personas.patient())
  const id = idOf('partner', 'OrderStatus')
  for (const request of [{ documentId: id }, { id: `sha256:${id}` }, { extensions: { persistedQuery: { version: 1, sha256Hash: id } } }]) {
    const { body } = await world.graphql({ ...request, variables: { orderId: 'o1' } }, token)
    assert.equal(body.data!['order'].status, 'CHECKOUT_STARTED')
  }
  const { body } = await world.graphql({ documentId: 'unknown' }, token)
  assert.equal(body.errors![0]!.extensions['code'], 'PERSISTED_QUERY_NOT_FOUND')
})

test('S44 a persisted query about drugs may be kept by shared caches, one about a person may not', async () => {
  const get = (id: string, variables: object, headers = {}) => fetch(`${world.gateway.url}?documentId=${id}&variables=${encodeURIComponent(JSON.stringify(variables))}`, { headers })
  const drugs = await get(idOf('web', 'SearchDrugs'), { search: 'amox' })
  // a list of drugs is good for a minute, what of it is in stock for five seconds
  assert.equal(drugs.headers.get('cache-control'), 'public, max-age=5')
  const order = await get(idOf('partner', 'OrderStatus'), { orderId: 'o1' }, { authorization: `Bearer ${await world.issuer.token(personas.patient())}` })
  assert.equal(order.headers.get('cache-control'), 'no-store')
})

test('a GET request runs no mutation', async () => {
  const response = await fetch(`${world.gateway.url}?documentId=${idOf('web', 'Checkout')}&variables=${encodeURIComponent('{"input":{"cartId":"c","addressId":"a","idempotencyKey":"k"}}')}`)
  assert.equal(response.status, 405)
  assert.equal(world.subgraphs.orders.received.length, 0)
})

test('a partner runs its own list by id and nothing else', async () => {
  const token = await world.issuer.token(personas.partner)
  const refused = [
    { query: '{ drugs(search: "amox") { nodes { name } } }' },
    { documentId: idOf('web', 'DrugPage'), variables: { id: 'd1' } },
    { query: '{ drugs(search: "amox") { nodes { name } } }', extensions: { persistedQuery: { version: 1, sha256Hash: 'f'.repeat(64) } } },
  ]
  for (const body of refused) {
    const answer = await world.graphql(body, token)
    assert.equal(answer.status, 403)
    assert.equal(answer.body.errors![0]!.extensions['code'], 'PERSISTED_QUERY_ONLY')
  }
  const allowed = await world.graphql({ documentId: idOf('partner', 'PrescriptionStatus'), variables: { id: 'rx1' } }, token)
  assert.deepEqual(allowed.body, { data: { prescription: null } })
})

test('a wrong variable is refused with its name', async () => {
  const { body } = await world.graphql({ documentId: idOf('partner', 'OrderStatus'), variables: {} }, await world.issuer.token(personas.patient()))
  assert.equal(body.errors![0]!.extensions['code'], 'BAD_USER_INPUT')
  assert.match(body.errors![0]!.message, /\$orderId/)
})

test('a page of another site may call only from an origin that is allowed', async () => {
  const preflight = (origin: string) => fetch(world.gateway.url, { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'POST' } })
  assert.equal((await preflight('http://localhost:3000')).headers.get('access-control-allow-origin'), 'http://localhost:3000')
  assert.equal((await preflight('https://elsewhere.example')).headers.get('access-control-allow-origin'), null)
})

test('health, readiness and metrics are told', async () => {
  const at = (path: string) => fetch(new URL(path, world.gateway.url))
  assert.equal((await at('/health')).status, 200)
  assert.equal((await at('/ready')).status, 200)
  assert.ok((await (await at('/metrics')).text()).includes(`gateway_request_seconds_count{service="gateway",route="/graphql"`))
  assert.equal((await at('/nowhere')).status, 404)
})

test('a browser gets the explorer, with everything it loads', async () => {
  const page = await fetch(world.gateway.url, { headers: { accept: 'text/html' } })
  const html = await page.text()
  const addresses = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address]) => address!).filter((address) => !address.startsWith('data:'))
  assert.ok(addresses.length >= 5)
  for (const address of addresses) {
    assert.ok(address.startsWith('/'), `${address} is not our own`)
    assert.equal((await fetch(new URL(address, world.gateway.url))).status, 200, address)
  }
})
