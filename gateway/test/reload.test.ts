import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { resolve } from 'node:path'
import { after, before, test } from 'node:test'
import { exportJWK, generateKeyPair } from 'jose'
import { aDrug, anOrder } from './support/subgraphs.ts'
import { personas, startWorld, take, until, type World } from './support/world.ts'

let world: World
let original: string
before(async () => {
  world = await startWorld()
  original = readFileSync(world.supergraphFile, 'utf8')
  world.data.orders.set('o1', anOrder('o1', 'p1'))
  world.data.drugs.set('d1', aDrug('d1', 'amoxicillin'))
})
after(() => world.stop())

/** Replaces the file as a deployment does: written beside, then renamed. */
function replace(sdl: string): void {
  writeFileSync(`${world.supergraphFile}.new`, sdl)
  renameSync(`${world.supergraphFile}.new`, world.supergraphFile)
}
const withoutField = (sdl: string, field: RegExp): string => {
  const changed = sdl.replace(field, '')
  assert.notEqual(changed, sdl)
  return changed
}
const version = async (): Promise<string> => ((await (await fetch(new URL('/ready', world.gateway.url))).json()) as { supergraph: string }).supergraph

test('a new supergraph takes over under load without a failed request', async () => {
  const query = '{ drug(id: "d1") { name availability { status } } }'
  const before = await version()
  let running = true
  let answered = 0
  const load = Promise.all(Array.from({ length: 8 }, async () => {
    while (running) {
      const { status, body } = await world.graphql({ query })
      assert.deepEqual([status, body], [200, { data: { drug: { name: 'amoxicillin', availability: { status: 'IN_STOCK' } } } }])
      answered++
    }
  }))
  await until(() => answered > 50)
  replace(withoutField(original, /\n *"""Products with the same ingredients, strength and form."""\n *equivalents.*/))
  await until(async () => (await version()) !== before)
  const atReload = answered
  await until(() => answered > atReload + 50)
  running = false
  await load
  const { body } = await world.graphql({ query: '{ drug(id: "d1") { equivalents { id } } }' })
  assert.equal(body.errors![0]!.extensions['code'], 'GRAPHQL_VALIDATION_FAILED')
})

test('a file that is no supergraph is ignored', async () => {
  const before = await version()
  for (const bad of ['type Query {', 'type Query { a: Int }', original.replace('["role:compliance"]', '["role:wizard"]')]) {
    replace(bad)
    await world.gateway.reload()
    assert.equal(await version(), before)
    assert.equal((await world.graphql({ query: '{ drug(id: "d1") { name } }' })).body.errors, undefined)
  }
})

test('subscriptions go on over a reload; only those that no longer fit the graph end, with the reason', async () => {
  replace(original)
  await world.gateway.reload()
  const client = world.client(await world.issuer.token(personas.patient()))
  const plain = client.iterate({ query: 'subscription { orderChanged(orderId: "o1") { status order { number } } }' })
  const doomed = client.iterate({ query: 'subscription { orderChanged(orderId: "o1") { order { trackingNumber } } }' })
  await Promise.all([take(plain, 1), take(doomed, 1)])
  const ended = doomed.next().then(() => undefined, (errors: unknown) => errors as { extensions: { code: string } }[])
  replace(withoutField(original, /\n *trackingNumber: String @join__field\(graph: LOGISTICS\) @authenticated/))
  await world.gateway.reload()
  await world.publish('orders.order-status-changed.v1', { orderId: 'o1', patientId: 'p1', from: 'X', to: 'RX_CHECKED', reasonCode: null })
  const [change] = await take(plain, 1)
  assert.deepEqual(change!.data, { orderChanged: { status: 'RX_CHECKED', order: { number: 'PG-o1' } } })
  assert.equal((await ended)?.[0]?.extensions.code, 'GRAPHQL_VALIDATION_FAILED')
  await client.dispose()
})

test('a reload that changes which events a subscription is about holds for those who are subscribed', async () => {
  replace(original)
  await world.gateway.reload()
  const client = world.client(await world.issuer.token(personas.patient()))
  // one persisted text and one in the client's own words
  const mine = client.iterate({ query: 'subscription { myOrderChanged { kind order { number } } }' })
  await take(mine, 1)
  const changed = original.replace(/(myOrderChanged.*@live\(events: \[)"orders\.order-status-changed\.v1"(\], match: \["patientId=actor\.patientId"\])/, '$1"logistics.shipment-moved.v1"$2')
  assert.notEqual(changed, original)
  replace(changed)
  await world.gateway.reload()
  await world.publish('orders.order-status-changed.v1', { orderId: 'o1', patientId: 'p1', from: 'X', to: 'RX_CHECKED', reasonCode: null })
  await world.publish('logistics.shipment-moved.v1', { shipmentId: 's1', orderId: 'o1', patientId: 'p1', routeId: 'r1' })
  const [change] = await take(mine, 1)
  assert.deepEqual(change!.data, { myOrderChanged: { kind: 'CHANGE', order: { number: 'PG-o1' } } })
  assert.equal(world.gateway.live().watchers, 1)
  replace(original)
  await world.gateway.reload()
  await world.publish('logistics.shipment-moved.v1', { shipmentId: 's1', orderId: 'o1', patientId: 'p1', routeId: 'r1' })
  await world.publish('orders.order-status-changed.v1', { orderId: 'o1', patientId: 'p1', from: 'X', to: 'STOCK_HELD', reasonCode: null })
  const after = mine.next()
  await until(() => world.gateway.live().following)
  assert.equal(((await after).value as { data: any }).data.myOrderChanged.kind, 'CHANGE')
  await client.dispose()
})

test('events that no subscription can be about never reach the gateway', async () => {
  const { position } = world.gateway.live()
  const note = { operation: 'ad hoc', shown: [], patientIds: [], refused: [] }
  for (let count = 0; count < 20; count++) await world.publish('audit.phi-read.v1', note)
  const sequence = await world.publish('orders.order-status-changed.v1', { orderId: 'o1', patientId: 'p1', from: 'X', to: 'RX_CHECKED', reasonCode: null })
  await until(() => world.gateway.live().position === sequence)
  assert.ok(sequence >= position + 21)
  await world.publish('audit.phi-read.v1', note)
  // a round trip through the stream later it is still where it was
  const next = await world.publish('orders.order-status-changed.v1', { orderId: 'o1', patientId: 'p1', from: 'X', to: 'RX_CHECKED', reasonCode: null })
  const seen = new Set<number>()
  await until(() => seen.add(world.gateway.live().position).has(next))
  assert.ok(!seen.has(next - 1))
})

test('the process starts from the environment, says when it is ready, and ends in peace on SIGTERM', async () => {
  const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true })
  const child = spawn(process.execPath, [resolve(import.meta.dirname, '../src/main.ts')], {
    env: {
      PATH: process.env['PATH'], PORT: '0', OIDC_ISSUER: world.issuer.url, NATS_URL: world.nats.url, ACTOR_PRIVATE_JWK: JSON.stringify(await exportJWK(privateKey)), LOG_LEVEL: 'silent',
      CATALOG_URL: world.subgraphs.catalog.url,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = new Promise<number | null>((resolve) => child.on('exit', resolve))
  const [line] = await new Promise<string[]>((resolve) => createInterface(child.stdout!).once('line', (line) => resolve([line])))
  const { ready, url } = JSON.parse(line!) as { ready: string; url: string }
  assert.equal(ready, 'gateway')
  const slow = fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ query: '{ __typename }' }) })
  assert.deepEqual(await (await slow).json(), { data: { __typename: 'Query' } })
  child.kill('SIGTERM')
  assert.equal(await exited, 0)
})

test('a missing setting stops the process with its name', async () => {
  const child = spawn(process.execPath, [resolve(import.meta.dirname, '../src/main.ts')], { env: { PATH: process.env['PATH'], LOG_LEVEL: 'silent' }, stdio: ['ignore', 'ignore', 'pipe'] })
  let text = ''
  child.stderr!.on('data', (data: Buffer) => (text += data.toString()))
  assert.equal(await new Promise((resolve) => child.on('close', resolve)), 1)
  assert.match(text, /setting (OIDC_ISSUER|NATS_URL|ACTOR_PRIVATE_JWK): is not set/)
})
