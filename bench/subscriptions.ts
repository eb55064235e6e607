/**
 * Five thousand subscribers on one gateway: 2,000 patients each with an order, 500 pharmacists on one queue, 2,500 who follow a
 * driver's position. Real NATS, the real supergraph, subgraphs that answer from memory, each person with a token of their
 * own. Measured: event to client, memory of a subscriber, requests to subgraphs for an event. Then subgraphs, NATS and the
 * gateway are killed in turn under load; clients come back with `after`, and each must have had every event of its own, in
 * order, once.
 * Beside it Hive Gateway does the same in the same run, as far as it can: one subgraph sends it whole answers, so that it
 * fetches nothing more; nobody is authorised; it has no cursors, so what happens while a part is away is lost.
 */
import { fork, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { exportJWK, generateKeyPair, type JWK } from 'jose'
import { Kind, parse, type DocumentNode, type SelectionSetNode } from 'graphql'
import { WebSocket } from 'ws'
import { connectBroker, type Broker } from '@pharmagraph/platform/nats.ts'
import { newId } from '@pharmagraph/platform/ids.ts'

/** Of all subscribers. */
const shares = { order: 0.4, queue: 0.1, position: 0.5 }
const defaultSubscribers = 5_000
type Kind_ = keyof typeof shares
/** Events a second. */
const rates = { order: 100, queue: 5, position: 100 }
const steadyMs = 10_000
/** Who is not connected by then is left out. */
const connectMs = 30_000
const awayMs = 700
const betweenFaultsMs = 2_000
const connectAtOnce = 200
/** When nothing has come for so long, nothing more will. */
const quietMs = 5_000
const restartMs = 45_000

const root = resolve(import.meta.dirname, '..')
const types = { order: 'orders.order-status-changed.v1', queue: 'prescriptions.work-item-changed.v1', position: 'logistics.shipment-moved.v1' }
const dataOf = (kind: Kind_, number: number): Record<string, unknown> =>
  kind === 'order' ? { orderId: `order-${number}`, patientId: `patient-${number}`, from: 'A', to: 'B', reasonCode: null }
  : kind === 'queue' ? { workItemId: `item-${number}`, queue: 'VERIFICATION', state: 'AVAILABLE', prescriptionId: 'rx', fillId: null, priority: 50, claimedBy: null, attempt: 0 }
  : { shipmentId: `shipment-${number}`, orderId: `order-${number}`, patientId: `patient-${number}`, routeId: 'route' }
const ourQueries: Record<Kind_, string> = {
  order: 'subscription($id: ID!, $after: ID) { event: orderChanged(orderId: $id, after: $after) { cursor kind at status order { id number status } } }',
  queue: 'subscription($after: ID) { event: verificationQueue(after: $after) { cursor kind at state item { id state priority dueAt } } }',
  position: 'subscription($id: ID!, $after: ID) { event: shipmentChanged(shipmentId: $id, after: $after) { cursor kind at shipment { id status position { location { latitude longitude } at } } } }',
}
const hiveSchema = `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])
  type Query { ready: Boolean! } type Subscription { order(id: ID!): Event! queue: Event! position(id: ID!): Event! }
  type Event { at: String! kind: String! thing: Thing! } type Thing { id: ID! number: String! status: String! priority: Int! dueAt: String! }`
const hiveQueries: Record<Kind_, string> = {
  order: 'subscription($id: ID!) { event: order(id: $id) { at kind thing { id number status } } }',
  queue: 'subscription { event: queue { at kind thing { id status priority dueAt } } }',
  position: 'subscription($id: ID!) { event: position(id: $id) { at kind thing { id status } } }',
}

const roles = { subgraph: serveSubgraph, ours: serveOurs, hive: serveHive, 'hive-subgraph': serveHiveSubgraph, clients: serveClients } as const
type Role = keyof typeof roles
const role = process.argv[2] as Role | undefined
if (process.send && role !== undefined && role in roles) await roles[role](JSON.parse(process.argv[3] ?? '{}') as never)


type Handlers = Record<string, (argument: never) => unknown>

function ready(url: string, handlers: Handlers = {}): void {
  const common: Handlers = {
    memory() {
      globalThis.gc?.()
      return process.memoryUsage()
    },
    cpu: () => process.cpuUsage(),
  }
  process.on('message', ({ id, ask, argument }: { id: number; ask: string; argument: unknown }) => {
    void (async () => process.send!({ id, answer: await (handlers[ask] ?? common[ask])!(argument as never) }))()
  })
  process.on('disconnect', () => process.exit(0))
  process.send!({ url })
}

/** Any field of any entity, by its name; counts the requests. */
async function serveSubgraph({ port }: { port: number }): Promise<void> {
  let requests = 0
  const documents = new Map<string, DocumentNode>()
  const values: Record<string, unknown> = {
    status: 'AWAITING_PHARMACIST', state: 'AVAILABLE', priority: 50, attempt: 0, dueAt: '2026-01-01T00:00:00Z', at: '2026-01-01T00:00:00Z',
    position: {}, location: {}, latitude: 37.77, longitude: -122.41, paymentStatus: 'AUTHORIZED',
  }
  const fill = (set: SelectionSetNode, source: Record<string, unknown>): Record<string, unknown> => {
    const result: Record<string, unknown> = {}
    for (const node of set.selections) {
      if (node.kind === Kind.INLINE_FRAGMENT) Object.assign(result, fill(node.selectionSet, source))
      if (node.kind !== Kind.FIELD) continue
      const value = source[node.name.value] ?? values[node.name.value] ?? 'x'
      result[node.alias?.value ?? node.name.value] = node.selectionSet ? fill(node.selectionSet, value as Record<string, unknown>) : value
    }
    return result
  }
  const server = createServer((request, response) => {
    requests++
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { query, variables } = JSON.parse(Buffer.concat(chunks).toString()) as { query: string; variables: Record<string, Record<string, unknown>[]> }
      let document = documents.get(query)
      if (!document) documents.set(query, (document = parse(query)))
      const [operation] = document.definitions
      if (operation?.kind !== Kind.OPERATION_DEFINITION) throw new Error('not an operation')
      const data = Object.fromEntries(operation.selectionSet.selections.map((node) => {
        if (node.kind !== Kind.FIELD || node.arguments?.[0]?.value.kind !== Kind.VARIABLE) throw new Error(`not an entity fetch: ${query}`)
        return [node.alias?.value ?? node.name.value, variables[node.arguments[0].value.name.value]!.map((entity) => fill(node.selectionSet!, entity))]
      }))
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ data }))
    })
  })
  server.listen(port, '127.0.0.1', () => ready(urlOf(server), { requests: () => requests }))
}

async function serveOurs({ port, issuer, natsUrl, subgraph, key }: { port: number; issuer: string; natsUrl: string; subgraph: string; key: JWK }): Promise<void> {
  const { startGateway } = await import('../gateway/src/gateway.ts')
  const gateway = await startGateway({
    port, host: '127.0.0.1', issuer, audience: 'pharmagraph', natsUrl, actorPrivateJwk: key, supergraphFile: join(root, 'schema/supergraph.graphql'),
    operationsFolder: join(root, 'schema/operations'), addressOf: () => subgraph, introspection: false, corsOrigins: [],
  })
  ready(gateway.url)
}

async function serveHive({ port, supergraph }: { port: number; supergraph: string }): Promise<void> {
  const { createGatewayRuntime, getGraphQLWSOptions } = await import('@graphql-hive/gateway-runtime')
  const { unifiedGraphHandler } = await import('@graphql-hive/router-runtime')
  const { useServer } = await import('graphql-ws/use/ws')
  const { WebSocketServer } = await import('ws')
  const { hiveTransports } = await import('../tests/hive.ts')
  const gateway = createGatewayRuntime({
    supergraph, unifiedGraphHandler, logging: false, maskedErrors: false,
    // with server-sent events for subscriptions
    transports: hiveTransports(),
  } as never)
  // without it the first operations find no schema
  await (gateway as unknown as { getSchema(): Promise<unknown> }).getSchema()
  const server = createServer(gateway as never)
  useServer(getGraphQLWSOptions(gateway as never, (context) => ({ req: (context.extra as { request: unknown }).request })) as never, new WebSocketServer({ server, path: '/graphql' }))
  server.listen(port, '127.0.0.1', () => ready(urlOf(server)))
}

/** Subscriptions over server-sent events, as Hive asks its subgraphs for them. */
async function serveHiveSubgraph({ port, natsUrl }: { port: number; natsUrl: string }): Promise<void> {
  const watchers = new Map<string, Set<ServerResponse>>()
  const { connection } = await connectBroker(natsUrl, 'hive-subgraph')
  const push = (response: ServerResponse, at: string, kind: string, id: string): void => {
    response.write(`event: next\ndata: ${JSON.stringify({ data: { event: { at, kind, thing: { id, number: 'N', status: 'AVAILABLE', priority: 50, dueAt: '2026-01-01T00:00:00Z' } } } })}\n\n`)
  }
  connection.subscribe('events.>', {
    callback: (_error, message) => {
      const { type, time, data } = message.json<{ type: string; time: string; data: Record<string, string> }>()
      const key = type === types.order ? data['orderId'] : type === types.position ? data['shipmentId'] : 'queue'
      for (const response of watchers.get(key!) ?? []) push(response, time, 'CHANGE', String(data['workItemId'] ?? key))
    },
  })
  const server = createServer((request, response) => {
    const url = new URL(request.url!, 'http://x')
    const { id = 'queue' } = JSON.parse(url.searchParams.get('variables') || '{}') as { id?: string }
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write(':\n\n')
    const all = watchers.get(id) ?? new Set()
    watchers.set(id, all.add(response))
    request.on('close', () => all.delete(response))
    push(response, '', 'SNAPSHOT', id)
  })
  server.listen(port, '127.0.0.1', () => ready(urlOf(server)))
}

type Watched = { kind: Kind_; number: number; token?: string }
type Expected = Record<string, string[]>
const keyOf = ({ kind, number }: { kind: Kind_; number: number }): string => (kind === 'queue' ? 'queue' : `${kind}-${number}`)

/** All clients, by the protocol of graphql-ws. Each comes back when its connection or stream ends. */
async function serveClients({ url, resumes }: { url: string; resumes: boolean }): Promise<void> {
  const watchers: Watcher[] = []
  let measured: Record<Kind_, number[]> | undefined

  /** How streams and connections ended. */
  const ends: Record<string, number> = {}
  const count = (end: number | string): void => void (ends[end] = (ends[end] ?? 0) + 1)

  class Watcher {
    readonly watched: Watched
    readonly seen: string[] = []
    cursor: string | undefined
    isReady = false
    #left = false
    #socket: WebSocket | undefined
    #onReady: (() => void) | undefined
    constructor(watched: Watched) {
      this.watched = watched
    }
    leave(): void {
      this.#left = true
      this.#socket?.terminate()
    }
    open(): Promise<void> {
      const { kind, number, token } = this.watched
      const socket = (this.#socket = new WebSocket(url, 'graphql-transport-ws', { perMessageDeflate: false }))
      const again = (): void => {
        if (socket.readyState === socket.OPEN) socket.terminate()
        this.isReady = false
        if (!this.#left) setTimeout(() => void this.open(), 50 + Math.random() * 950)
      }
      socket.on('error', () => undefined)
      socket.once('close', (code) => {
        count(code)
        again()
      })
      socket.on('open', () => socket.send(JSON.stringify({ type: 'connection_init', payload: token ? { authorization: `Bearer ${token}` } : {} })))
      socket.on('message', (text) => {
        const message = JSON.parse(String(text)) as { type: string; payload: { data?: { event: { at: string; kind: string; cursor: string } } } }
        if (message.type === 'connection_ack') {
          const query = (resumes ? ourQueries : hiveQueries)[kind]
          return socket.send(JSON.stringify({ id: newId(), type: 'subscribe', payload: { query, variables: { ...(kind !== 'queue' && { id: `${kind === 'order' ? 'order' : 'shipment'}-${number}` }), ...(resumes && this.cursor && { after: this.cursor }) } } }))
        }
        if (message.type === 'error' || message.type === 'complete') {
          count(message.type === 'error' ? String((message.payload as unknown as { extensions: { code: string } }[])[0]?.extensions.code) : 'complete')
          return socket.terminate()
        }
        const event = message.type === 'next' ? message.payload.data?.event : undefined
        if (!event) return
        this.cursor = event.cursor
        this.isReady = true
        this.#onReady?.()
        if (event.kind === 'SNAPSHOT') return
        this.seen.push(event.at)
        measured?.[kind].push(now() - momentOf(event.at))
      })
      return new Promise((resolve) => (this.#onReady = resolve))
    }
  }

  ready(url, {
    async connect(all: Watched[]) {
      // every third in turn, so that whoever is left out is of all kinds
      const mine = [0, 1, 2].flatMap((third) => all.filter((_, index) => index % 3 === third))
      const started = now()
      let next = 0
      const opening = Promise.all(Array.from({ length: connectAtOnce }, async () => {
        for (let one = mine[next++]; one && now() - started < connectMs; one = mine[next++]) {
          const watcher = new Watcher(one)
          watchers.push(watcher)
          await watcher.open()
        }
      }))
      await Promise.race([opening, pause(connectMs)])
      for (const watcher of watchers.splice(0)) watcher.isReady ? watchers.push(watcher) : watcher.leave()
      return watchers.length
    },
    expecting: (expected: Expected) => watchers.reduce((sum, { watched }) => sum + (expected[keyOf(watched)]?.length ?? 0), 0),
    measure: () => void (measured = { order: [], queue: [], position: [] }),
    measured: () => {
      const all = measured!
      measured = undefined
      return all
    },
    ends: () => ends,
    received: () => watchers.reduce((sum, { seen }) => sum + seen.length, 0),
    connected: () => watchers.filter(({ isReady }) => isReady).length,
    verify(expected: Expected) {
      const result = { received: 0, lost: 0, twice: 0, outOfOrder: 0 }
      for (const { watched, seen } of watchers) {
        const wanted = expected[keyOf(watched)] ?? []
        const places = new Map(wanted.map((at, index) => [at, index]))
        const once = new Set(seen)
        result.received += seen.length
        result.twice += seen.length - once.size
        result.lost += wanted.filter((at) => !once.has(at)).length
        seen.forEach((at, index) => {
          if (index > 0 && places.get(at)! < places.get(seen[index - 1]!)!) result.outOfOrder++
        })
      }
      return result
    },
  })
}

const urlOf = (server: ReturnType<typeof createServer>): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`

/** Milliseconds since the epoch; the clock of all processes on one machine. */
const now = (): number => performance.timeOrigin + performance.now()
/** Unique, and precise to the microsecond. */
let last = 0
function moment(): string {
  const micros = (last = Math.max(Math.floor(now() * 1_000), last + 1))
  return `${new Date(Math.floor(micros / 1_000)).toISOString().slice(0, -1)}${String(micros % 1_000).padStart(3, '0')}Z`
}
const momentOf = (at: string): number => Date.parse(`${at.slice(0, 23)}Z`) + Number(at.slice(23, 26)) / 1_000


type Part = { readonly url: string; ask<Answer>(what: string, argument?: unknown): Promise<Answer>; kill(): Promise<void> }
const parts = new Set<ChildProcess>()

async function start<Name extends Role>(role: Name, settings: Parameters<(typeof roles)[Name]>[0]): Promise<Part> {
  const child = fork(fileURLToPath(import.meta.url), [role, JSON.stringify(settings)], { execArgv: ['--expose-gc', ...(process.env['BENCH_PROFILE'] === role ? ['--cpu-prof'] : [])], stdio: ['ignore', 'ignore', 'inherit', 'ipc'], env: { ...process.env, NODE_ENV: 'production', LOG_LEVEL: role === 'hive' ? 'error' : 'silent' } })
  parts.add(child)
  const exited = new Promise<void>((resolve) => child.once('exit', () => (parts.delete(child), resolve())))
  const answers = new Map<number, (answer: unknown) => void>()
  const url = await new Promise<string>((resolve, reject) => {
    child.on('message', (message: { url?: string; id: number; answer: unknown }) => (message.url !== undefined ? resolve(message.url) : answers.get(message.id)!(message.answer)))
    void exited.then(() => reject(new Error(`${role} ended before it served`)))
  })
  let asked = 0
  return {
    url,
    ask: (what, argument) =>
      new Promise((resolve) => {
        const id = asked++
        answers.set(id, (answer) => (answers.delete(id), resolve(answer as never)))
        child.send({ id, ask: what, argument })
      }),
    async kill() {
      child.kill('SIGKILL')
      await exited
    },
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
type Counts = Record<Kind_, number>
type Accepted = Record<string, { sequence: number; at: string }[]>

/** Publishes events as the relays do, until told to stop; each is sent again until the broker has it. */
function publish(broker: Broker, counts: Counts, accepted: Accepted = {}): { published(): number; expected: Expected; accepted: Accepted; stop(): Promise<void> } {
  const sent: Record<Kind_, number> = { order: 0, queue: 0, position: 0 }
  const open = new Set<Promise<void>>()
  const expected: Expected = {}
  const emit = async (kind: Kind_): Promise<void> => {
    const number = sent[kind]++ % counts[kind]
    const [id, time] = [newId(), moment()]
    const event = JSON.stringify({ specversion: '1.0', id, source: 'bench', type: types[kind], subject: 'x', time, datacontenttype: 'application/json', actor: 'system:bench', actorrole: 'system', correlationid: id, data: dataOf(kind, number) })
    for (;;) {
      try {
        const { seq } = await broker.jetstream.publish(`events.${types[kind]}.${kind}-${number}`, event, { msgID: id, timeout: 1_000 })
        ;(accepted[keyOf({ kind, number })] ??= []).push({ sequence: seq, at: time })
        return
      } catch {
        await pause(20)
      }
    }
  }
  const started = now()
  const timer = setInterval(() => {
    for (const kind of ['order', 'queue', 'position'] as const) {
      while (sent[kind] < ((now() - started) / 1_000) * rates[kind]) {
        const one = emit(kind).finally(() => open.delete(one))
        open.add(one)
      }
    }
  }, 10)
  return {
    published: () => sent.order + sent.queue + sent.position,
    expected,
    accepted,
    async stop() {
      clearInterval(timer)
      await Promise.all(open)
      for (const [key, events] of Object.entries(accepted)) expected[key] = events.sort((a, b) => a.sequence - b.sequence).map(({ at }) => at)
    },
  }
}

type Usage = { user: number; system: number }
const cpuMs = ({ user, system }: Usage): number => (user + system) / 1_000
const round = (value: number, digits = 2): number => Math.round(value * 10 ** digits) / 10 ** digits
const summary = (values: number[]): { p50: number; p99: number; max: number } => {
  const sorted = values.sort((a, b) => a - b)
  const at = (share: number): number => round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN, 1)
  return { p50: at(0.5), p99: at(0.99), max: at(1) }
}

async function watchersOf(counts: Counts, token?: (kind: Kind_, number: number) => Promise<string>): Promise<Watched[]> {
  return Promise.all((Object.keys(counts) as Kind_[]).flatMap((kind) => Array.from({ length: counts[kind] }, async (_, number) => ({ kind, number, ...(token && { token: await token(kind, number) }) }))))
}

/** Connects everybody, then measures a steady load. */
async function measure(gateway: Part, clients: Part, broker: Broker, counts: Counts, watched: Watched[], requests?: () => Promise<number>): Promise<{ figures: object; accepted: Accepted }> {
  const before = await gateway.ask<NodeJS.MemoryUsage>('memory')
  const started = now()
  const connected = await clients.ask<number>('connect', watched)
  const connectSeconds = round((now() - started) / 1_000, 1)
  const after = await gateway.ask<NodeJS.MemoryUsage>('memory')
  const fetchedBefore = await requests?.()
  const cpuBefore = await gateway.ask<Usage>('cpu')
  const publisher = publish(broker, counts)
  await clients.ask('measure')
  await pause(steadyMs)
  await publisher.stop()
  const cpu = cpuMs(await gateway.ask<Usage>('cpu')) - cpuMs(cpuBefore)
  const came = await allCame(clients, publisher.expected)
  const measured = await clients.ask<Record<Kind_, number[]>>('measured')
  const pushes = Object.values(measured).reduce((sum, { length }) => sum + length, 0)
  const perSubscriber = (what: 'rss' | 'heapUsed'): number => round((after[what] - before[what]) / connected / 1_024, 1)
  const figures = {
    connected, connectSeconds, kilobytesPerSubscriber: perSubscriber('rss'), heapKilobytesPerSubscriber: perSubscriber('heapUsed'),
    pushesPerSecond: Math.round(pushes / (steadyMs / 1_000)), cpuMicrosPerPush: Math.round((cpu * 1_000) / pushes),
    latencyMs: { all: summary(Object.values(measured).flat()), ...Object.fromEntries(Object.entries(measured).map(([kind, values]) => [kind, summary(values)])) },
    ...(requests && { fetchesPerEvent: round(((await requests()) - fetchedBefore!) / publisher.published()) }),
    ...came,
  }
  return { figures, accepted: publisher.accepted }
}

/** Waits until everybody has what is theirs, or nothing more comes; tells what was lost or came twice. */
async function allCame(clients: Part, expected: Expected, patienceMs = quietMs): Promise<object> {
  const wanted = await clients.ask<number>('expecting', expected)
  let [received, since] = [0, now()]
  while (received < wanted && now() - since < patienceMs) {
    await pause(100)
    const before = received
    received = await clients.ask<number>('received')
    if (received > before) since = now()
  }
  // what comes twice comes late
  await pause(300)
  return { expected: wanted, ...(await clients.ask<object>('verify', expected)) }
}

/** Runs the benchmark; the figures are the last line on standard output. Arguments: `ours` or `hive` for one of the two, a number of subscribers. */
export async function run(args: readonly string[]): Promise<void> {
  const only = args.find((argument) => argument === 'ours' || argument === 'hive')
  const subscribers = Number(args.find((argument) => /^\d+$/.test(argument)) ?? defaultSubscribers)
  const counts = Object.fromEntries(Object.entries(shares).map(([kind, share]) => [kind, Math.round(subscribers * share)])) as Counts
  const { startNats } = await import('../dev/src/stack/nats.ts')
  const { startIssuer } = await import('../gateway/test/support/issuer.ts')
  const { composeServices } = await import('@apollo/composition')
  const { freePort } = await import('../dev/src/stack/ports.ts')
  const folder = mkdtempSync(join(tmpdir(), 'bench-subscriptions-'))
  const [issuer, nats] = await Promise.all([startIssuer(), startNats({ storeDir: join(folder, 'nats'), port: 0 })])
  const broker = await connectBroker(nats.url, 'bench')
  const result: Record<string, unknown> = { bench: 'subscriptions', subscribers: counts, eventsPerSecond: rates }
  try {
    if (only !== 'hive') {
      const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true })
      let subgraph = await start('subgraph', { port: 0 })
      const settings = { port: await freePort(), issuer: issuer.url, natsUrl: nats.url, subgraph: subgraph.url, key: await exportJWK(privateKey) }
      let gateway = await start('ours', settings)
      const clients = await start('clients', { url: gateway.url.replace('http', 'ws'), resumes: true })
      const watched = await watchersOf(counts, (kind, number) => issuer.token(
        kind === 'queue' ? { sub: `pharmacist-${number}`, roles: ['pharmacist'], pharmacist_id: `ph-${number}`, client_id: 'staff' } : { sub: `${kind}-${number}`, roles: ['patient'], patient_id: `patient-${number}` }, { expiresIn: 3_600 }))
      const { figures: steady, accepted } = await measure(gateway, clients, broker, counts, watched, () => subgraph.ask('requests'))
      console.error(`ours: ${JSON.stringify(steady)}`)

      const publisher = publish(broker, counts, accepted)
      await pause(500)
      await subgraph.kill()
      await pause(awayMs)
      subgraph = await start('subgraph', { port: Number(new URL(subgraph.url).port) })
      await pause(betweenFaultsMs)
      await nats.kill()
      await pause(awayMs)
      await nats.restart()
      await pause(betweenFaultsMs)
      await gateway.kill()
      gateway = await start('ours', settings)
      const served = now()
      await pause(betweenFaultsMs)
      await publisher.stop()
      const faults = { killed: ['subgraphs', 'NATS', 'gateway'], events: publisher.published(), ...(await allCame(clients, publisher.expected, restartMs)), ends: await clients.ask('ends'), allCaughtUpSeconds: round((now() - served) / 1_000, 1) }
      console.error(`ours, with faults: ${JSON.stringify(faults)}`)
      result['ours'] = { ...steady, faults }
      await Promise.all([clients.kill(), gateway.kill(), subgraph.kill()])
    }
    if (only !== 'ours') {
      let subgraph = await start('hive-subgraph', { port: 0, natsUrl: nats.url })
      const composed = composeServices([{ name: 'events', url: subgraph.url, typeDefs: parse(hiveSchema) }])
      if (composed.errors) throw new AggregateError(composed.errors, 'the supergraph for Hive does not compose')
      const gateway = await start('hive', { port: 0, supergraph: composed.supergraphSdl })
      const clients = await start('clients', { url: gateway.url.replace('http', 'ws'), resumes: false })
      const { figures: steady, accepted } = await measure(gateway, clients, broker, counts, await watchersOf(counts))
      console.error(`hive: ${JSON.stringify(steady)}`)
      const publisher = publish(broker, counts, accepted)
      await pause(500)
      await subgraph.kill()
      await pause(awayMs)
      subgraph = await start('hive-subgraph', { port: Number(new URL(subgraph.url).port), natsUrl: nats.url })
      await pause(betweenFaultsMs)
      await publisher.stop()
      const faults = { killed: ['subgraph'], events: publisher.published(), ...(await allCame(clients, publisher.expected)) }
      result['hive'] = { ...steady, faults }
      await Promise.all([clients.kill(), gateway.kill(), subgraph.kill()])
    }
    console.log(JSON.stringify(result))
  } finally {
    for (const child of parts) child.kill('SIGKILL')
    await broker.connection.close()
    await Promise.all([issuer.stop(), nats.stop()])
    rmSync(folder, { recursive: true, force: true })
  }
}
