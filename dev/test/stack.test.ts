import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { importJWK, jwtVerify, SignJWT } from 'jose'
import pg from 'pg'
import { acquireLock, runningStack } from '../src/stack/lock.ts'
import { checkPorts, configuredPorts, freePorts } from '../src/stack/ports.ts'
import { isAlive } from '../src/stack/process-table.ts'
import { startStack } from '../src/stack/stack.ts'
import type { StackEvent, StackOptions } from '../src/stack/stack.ts'
import { eventually, temporaryFolder } from './tools.ts'

/** A repository with two subgraphs and a gateway that only show their settings; a third subgraph is not written yet. */
const root = temporaryFolder()
for (const folder of ['subgraphs/orders', 'subgraphs/catalog', 'gateway']) {
  mkdirSync(join(root, folder, 'src'), { recursive: true })
  copyFileSync(join(import.meta.dirname, 'fixtures/service.ts'), join(root, folder, 'src/main.ts'))
}
writeFileSync(join(root, 'package.json'), '{ "type": "module" }')
writeFileSync(
  join(root, 'rover.yaml'),
  `subgraphs:
  orders: { routing_url: http://127.0.0.1:4005/graphql }
  catalog: { routing_url: http://127.0.0.1:4003/graphql }
  audit: { routing_url: http://127.0.0.1:4007/graphql }
  live: { routing_url: inprocess://live }
`,
)

const optionsFor = (dataDir: string, more: Partial<StackOptions> = {}): StackOptions => ({
  root, dataDir, ports: 'free', seed: true, log: 'quiet', supervise: false, ...more,
})

/** Who runs, as the stack has written it down for the next start. */
function recordedPids(dataDir: string): number[] {
  const recorded = JSON.parse(readFileSync(join(dataDir, 'processes.json'), 'utf8')) as Record<string, { pid: number }>
  return Object.values(recorded).map(({ pid }) => pid)
}

type Settings = Record<string, string>
const settingsAt = async (url: string) => (await (await fetch(url)).json()) as Settings

test('everything in rover.yaml starts with the settings it needs and no more, and stops without a trace', async (t) => {
  const dataDir = temporaryFolder()
  const events: StackEvent[] = []
  const stack = await startStack(optionsFor(dataDir, { log: 'file', env: { CLOCK_OFFSET_SECONDS: '60' }, onProgress: (event) => events.push(event) }))
  t.after(() => stack.stop())

  assert.deepEqual([...stack.processes.keys()].sort(), ['catalog', 'gateway', 'nats', 'orders', 'postgres'])
  assert.deepEqual(events.filter(({ what }) => what === 'missing').map(({ name }) => name), ['identity', 'sandboxes', 'audit'])
  assert.deepEqual(Object.keys(stack.urls), ['orders', 'catalog', 'audit'])

  const orders = await settingsAt(stack.urls['orders'] ?? '')
  const catalog = await settingsAt(stack.urls['catalog'] ?? '')
  const gateway = await settingsAt(stack.gatewayUrl)
  const { SEED, HOST, OIDC_AUDIENCE, CLOCK_OFFSET_SECONDS } = orders
  assert.deepEqual([SEED, HOST, OIDC_AUDIENCE, CLOCK_OFFSET_SECONDS], ['demo', '127.0.0.1', 'pharmagraph', '60'])
  assert.equal(orders['NATS_URL'], stack.nats.url)
  assert.equal(orders['OIDC_ISSUER'], stack.issuer)
  assert.equal(orders['STRIPE_API_BASE'], stack.sandboxes.stripe)
  assert.equal(orders['STRIPE_API_KEY'], 'sk_test_local')
  assert.equal(Buffer.from(orders['KEK'] ?? '', 'base64').length, 32)
  assert.equal(gateway['ORDERS_URL'], stack.urls['orders'])
  assert.equal(gateway['CATALOG_URL'], stack.urls['catalog'])
  for (const name of ['KEK', 'MATCH_KEY', 'SIGNING_KEY', 'STRIPE_API_KEY', 'ACTOR_PRIVATE_JWK']) assert.equal(catalog[name], undefined, `catalog has ${name}`)
  for (const name of ['DATABASE_URL', 'KEK', 'STRIPE_API_KEY']) assert.equal(gateway[name], undefined, `the gateway has ${name}`)

  const privateKey = await importJWK(JSON.parse(gateway['ACTOR_PRIVATE_JWK'] ?? ''), 'EdDSA')
  const token = await new SignJWT({}).setProtectedHeader({ alg: 'EdDSA' }).sign(privateKey)
  await jwtVerify(token, await importJWK(JSON.parse(orders['ACTOR_PUBLIC_JWK'] ?? ''), 'EdDSA'))
  const client = new pg.Client({ connectionString: orders['DATABASE_URL'] ?? '' })
  await client.connect()
  assert.deepEqual((await client.query('select current_database() as name')).rows, [{ name: 'orders' }])
  await client.end()

  const pids = [...stack.processes.values()].map(({ pid }) => pid ?? 0)
  await stack.stop()
  assert.deepEqual(pids.filter(isAlive), [])
  assert.equal(existsSync(join(dataDir, 'stack.lock')), false)
  assert.match(readFileSync(join(dataDir, 'logs/orders.log'), 'utf8'), /"ready":"orders"/)
})

test('a process that ends before it serves is reported with its last words, and nothing is left running', async () => {
  const dataDir = temporaryFolder()
  const pids = new Set<number>()
  const options = optionsFor(dataDir, { only: ['gateway'], env: { FAIL: 'gateway' } })
  options.onProgress = ({ what }) => {
    if (what === 'starting') for (const pid of recordedPids(dataDir)) pids.add(pid)
  }
  await assert.rejects(startStack(options), { code: 'START_FAILED', message: /gateway ended before it served.*\n.*the reactor is too hot/ })
  assert.ok(pids.size >= 2)
  assert.deepEqual([...pids].filter(isAlive), [])
  assert.equal(existsSync(join(dataDir, 'stack.lock')), false)
})

test('a crashed process stays down until it is restarted, unless it is supervised', async (t) => {
  const stack = await startStack(optionsFor(temporaryFolder(), { only: ['gateway'] }))
  t.after(() => stack.stop())
  const gateway = stack.processes.get('gateway')
  assert.ok(gateway)
  const first = gateway.pid
  await gateway.kill('SIGKILL')
  assert.deepEqual([gateway.status, gateway.pid], ['crashed', undefined])
  await assert.rejects(fetch(stack.gatewayUrl))
  await stack.restart('gateway')
  assert.equal(gateway.status, 'ready')
  assert.notEqual(gateway.pid, first)
  assert.equal((await settingsAt(stack.gatewayUrl))['NATS_URL'], stack.nats.url)
  await assert.rejects(stack.restart('orders'), { code: 'NOT_FOUND', message: /"orders".*gateway/ })
})

test('under supervision a crashed process comes back by itself, and so does NATS', async (t) => {
  const crashes: StackEvent[] = []
  const onProgress = (event: StackEvent) => void (event.what === 'crashed' && crashes.push(event))
  const stack = await startStack(optionsFor(temporaryFolder(), { only: ['gateway'], supervise: true, onProgress }))
  t.after(() => stack.stop())
  for (const name of ['gateway', 'nats']) {
    const service = stack.processes.get(name)
    const before = service?.pid
    await service?.kill('SIGKILL')
    await eventually(() => service?.status === 'ready' && service.pid !== before, `${name} serves again`)
  }
  assert.deepEqual(crashes.map(({ name }) => name), ['gateway', 'nats'])
})

test('a second stack on the same folder is refused with the address of the first; a stale lock is taken over', async (t) => {
  const dataDir = temporaryFolder()
  const stack = await startStack(optionsFor(dataDir, { only: ['gateway'] }))
  t.after(() => stack.stop())
  await assert.rejects(startStack(optionsFor(dataDir, { only: ['gateway'] })), {
    code: 'ALREADY_RUNNING',
    message: `Pharmagraph is already running (process ${process.pid}): ${stack.gatewayUrl}`,
  })
  await stack.stop()

  // The id of a process that is gone, and one that has been given to another process since.
  for (const stale of [{ pid: 2 ** 22 + 1, startMark: '1' }, { pid: process.pid, startMark: '1' }]) {
    writeFileSync(join(dataDir, 'stack.lock'), JSON.stringify({ ...stale, gatewayUrl: 'http://127.0.0.1:1' }))
    assert.equal(runningStack(dataDir), undefined)
    acquireLock(dataDir, 'http://127.0.0.1:2').release()
  }
})

test('taken ports are reported before anything starts, each with the setting that moves it', async (t) => {
  const ports = await freePorts(['gateway', 'nats', 'catalog'])
  const squatter = createServer().listen(ports['catalog'], '127.0.0.1')
  await once(squatter, 'listening')
  t.after(() => squatter.close())
  await assert.rejects(checkPorts(ports), { code: 'PORT_TAKEN', message: /port \d+ \(catalog\) is taken; set CATALOG_PORT/ })
  await assert.rejects(checkPorts({ gateway: ports['gateway'] ?? 0, nats: ports['gateway'] ?? 0 }), { message: /gateway and nats are both set/ })

  const taken = (squatter.address() as AddressInfo).port
  const settings = { GATEWAY_PORT: String(taken), NATS_PORT: String(ports['nats']) }
  const dataDir = temporaryFolder()
  Object.assign(process.env, settings)
  t.after(() => Object.keys(settings).forEach((name) => delete process.env[name]))
  const events: StackEvent[] = []
  const start = startStack(optionsFor(dataDir, { ports: 'default', only: ['gateway'], onProgress: (event) => events.push(event) }))
  await assert.rejects(start, { code: 'PORT_TAKEN', message: /\(gateway\) is taken; set GATEWAY_PORT to another/ })
  assert.deepEqual(events.filter(({ what }) => what !== 'missing'), [])
  assert.equal(existsSync(join(dataDir, 'stack.lock')), false)
})

test('a port setting that is no port is refused by name', () => {
  assert.deepEqual(configuredPorts({ gateway: 4000, nats: 4041 }, { NATS_PORT: '5000' }), { gateway: 4000, nats: 5000 })
  assert.throws(() => configuredPorts({ gateway: 4000 }, { GATEWAY_PORT: 'four' }), { code: 'BAD_SETTING', message: /GATEWAY_PORT.*"four"/ })
})

test('a part that does not exist is refused by name', async () => {
  await assert.rejects(startStack(optionsFor(temporaryFolder(), { only: ['billing'] })), { code: 'NOT_FOUND', message: /"billing".*orders/ })
})

test('a start that is aborted leaves nothing behind', async () => {
  const dataDir = temporaryFolder()
  const pids = new Set<number>()
  const abort = new AbortController()
  const options = optionsFor(dataDir, { signal: abort.signal })
  options.onProgress = ({ what }) => {
    if (what !== 'starting') return
    for (const pid of recordedPids(dataDir)) pids.add(pid)
    abort.abort(new Error('changed my mind'))
  }
  await assert.rejects(startStack(options), /changed my mind/)
  assert.ok(pids.size > 0)
  assert.deepEqual([...pids].filter(isAlive), [])
  assert.equal(existsSync(join(dataDir, 'stack.lock')), false)
})

test('no process outlives a stack that is killed with SIGKILL, and the next one starts', async () => {
  const dataDir = temporaryFolder()
  const parent = spawn(process.execPath, [join(import.meta.dirname, 'fixtures/stack.ts'), root, dataDir], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = (await once(parent.stdout, 'data')) as [Buffer]
  const { pids } = JSON.parse(line.toString()) as { pids: number[] }
  assert.equal(pids.length, 3)
  assert.ok(pids.every(isAlive))
  parent.kill('SIGKILL')
  await eventually(() => !pids.some(isAlive), 'all servers are gone')

  const stack = await startStack(optionsFor(dataDir, { only: ['postgres', 'gateway'] }))
  assert.equal(stack.processes.get('postgres')?.status, 'ready')
  await stack.stop()
})
