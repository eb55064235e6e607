/**
 * Our gateway against @apollo/gateway with Apollo Server as it comes, against Hive Gateway's runtime with its Rust query
 * planner, and against the floor: a bare Node process that makes the same hops by hand, with JSON parse and stringify and
 * nothing else. Same supergraph, same subgraph processes, same run, short rounds in turn. Two operations, by persisted id:
 * `small`, four hops one after another over 2,000 ids; `heavy`, a list whose answer is some 90 KB. No request is shared
 * with another: what the subgraphs were asked is counted. They answer from memory without executing GraphQL, so that the
 * gateways are what is measured. A ratio is the median over the rounds, of requests per second and of each process's own
 * CPU time per request, which other processes disturb less. All must answer the same.
 *
 *   --minutes 10      instead: load on ours alone, with memory after a garbage collection printed every minute
 *   --profile FOLDER  instead: ours alone, with a CPU profile of the gateway process
 */
import { deepEqual } from 'node:assert/strict'
import { fork, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { exportJWK, generateKeyPair } from 'jose'
import { Kind, parse, type DocumentNode, type SelectionSetNode } from 'graphql'
import { Pool } from 'undici'

const link = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])'
const schemas: Record<string, string> = {
  accounts: `${link} type Query { me: User user(id: ID!): User } type User @key(fields: "id") { id: ID! name: String! email: String! }`,
  orders: `${link} type User @key(fields: "id") { id: ID! lastOrder: Order orders: [Order!]! } type Order @key(fields: "id") { id: ID! number: String! total: Int! status: String! placedAt: String! }`,
  catalog: `${link} type Order @key(fields: "id") { id: ID! product: Product } type Product @key(fields: "id") { id: ID! name: String! description: String! manufacturer: String! price: Int! tags: [String!]! }`,
  stock: `${link} type Product @key(fields: "id") { id: ID! stock: Stock } type Stock { onHand: Int! reserved: Int! location: String! lots: [Lot!]! } type Lot { number: String! expiry: String! quantity: Int! }`,
}
const operations = {
  small: 'query Small($id: ID!) { user(id: $id) { name lastOrder { number total product { name price stock { onHand } } } } }',
  heavy: 'query Heavy { me { id name email orders { id number total status placedAt product { id name description manufacturer price tags stock { onHand reserved location lots { number expiry quantity } } } } } }',
}
const smallIds = 2_000
const heavyOrders = 150
const heavyProducts = 60

const connections = 32
const roundMs = 700
const warmUpMs = 1_000
const rounds = 6
const peers = ['ours', 'apollo', 'hive', 'floor'] as const
type Peer = (typeof peers)[number]

/** What a subgraph knows of one entity. */
const known: Record<string, (representation: { id: string }) => object> = {
  orders: ({ id }) => ({ lastOrder: order(`order-${numberOf(id)}`), orders: Array.from({ length: heavyOrders }, (_, index) => order(`heavy-${index}`)) }),
  catalog: ({ id }) => (id.startsWith('product') ? product(id) : { product: product(productOf(id)) }),
  stock: ({ id }) => ({ stock: { onHand: 100, reserved: 7, location: `shelf ${id}`, lots: Array.from({ length: 3 }, (_, index) => ({ number: `LOT-${id}-${index}`, expiry: '2027-11-30', quantity: 30 })) } }),
}
const numberOf = (id: string): number => Number(id.slice(id.indexOf('-') + 1))
const productOf = (id: string): string => `product-${id.startsWith('heavy') ? numberOf(id) % heavyProducts : numberOf(id)}`
const user = (id: string) => ({ __typename: 'User', id, name: 'Ada', email: 'ada@example.com' })
const order = (id: string) => ({ __typename: 'Order', id, number: `PG-${10_000 + numberOf(id)}`, total: 4_200 + numberOf(id), status: 'DELIVERED', placedAt: '2026-10-01T12:00:00Z' })
const product = (id: string) => ({ __typename: 'Product', id, name: `Product ${id}`, description: 'Tablets of the usual kind, to be taken with water as the label says, not with grapefruit.', manufacturer: 'Acme Laboratories', price: 1_299, tags: ['tablet', 'generic', 'oral'] })

if (process.argv[2] === 'subgraph') serveSubgraph(process.argv[3]!)
else if (process.argv[2] === 'ours') await serveOurs(JSON.parse(process.argv[3]!) as Served)
else if (process.argv[2] === 'apollo') await serveApollo(JSON.parse(process.argv[3]!) as Served)
else if (process.argv[2] === 'hive') await serveHive(JSON.parse(process.argv[3]!) as Served)
else if (process.argv[2] === 'floor') serveFloor(JSON.parse(process.argv[3]!) as Served)

type Served = { folder: string; urls: Record<string, string>; supergraphFile: string }

/** What a process tells of itself: microseconds of CPU time, bytes, and requests answered where it counts them. */
type Told = { cpu: NodeJS.CpuUsage; memory: NodeJS.MemoryUsage; answered: number }

function ready(url: string, answered = (): number => 0): void {
  process.send!({ url })
  process.on('message', () => {
    globalThis.gc?.()
    process.send!({ cpu: process.cpuUsage(), memory: process.memoryUsage(), answered: answered() } satisfies Told)
  })
  process.on('disconnect', () => process.exit(0))
}

/** Plain sockets and remembered answers: on a machine of few cores the subgraphs must not be what is measured. */
function serveSubgraph(name: string): void {
  type Body = { query: string; variables?: { id?: string; representations?: { __typename: string; id: string }[] } }
  const answers = new Map<string, Buffer>()
  let answered = 0
  const answerTo = (body: string): Buffer => {
    const { variables = {}, query } = JSON.parse(body) as Body
    const data = { me: user('user-1'), user: user(variables.id ?? ''), _entities: variables.representations?.map((one) => ({ ...one, ...known[name]?.(one) })) }
    const text = JSON.stringify({ data: answerOf(parse(query), data) })
    return Buffer.from(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`)
  }
  const server = createServer({ noDelay: true }, (socket) => onRequests(socket, (body) => {
    answered++
    let answer = answers.get(body)
    if (!answer) answers.set(body, (answer = answerTo(body)))
    return answer
  }))
  server.listen(0, '127.0.0.1', () => ready(`http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`, () => answered))
}

/** What a query selects of plain data, in its order. */
function answerOf({ definitions }: DocumentNode, data: unknown): unknown {
  const fragments = new Map(definitions.flatMap((node) => (node.kind === Kind.FRAGMENT_DEFINITION ? [[node.name.value, node] as const] : [])))
  const select = (value: any, { selections }: SelectionSetNode, into: Record<string, unknown> = {}): unknown => {
    if (Array.isArray(value)) return value.map((item) => select(item, { kind: Kind.SELECTION_SET, selections }))
    for (const node of selections) {
      if (node.kind === Kind.FIELD) {
        const field = value[node.name.value]
        into[node.alias?.value ?? node.name.value] = node.selectionSet ? select(field, node.selectionSet) : field
      } else {
        const fragment = node.kind === Kind.INLINE_FRAGMENT ? node : fragments.get(node.name.value)!
        if (!fragment.typeCondition || fragment.typeCondition.name.value === value.__typename) select(value, fragment.selectionSet, into)
      }
    }
    return into
  }
  return select(data, definitions.find((node) => node.kind === Kind.OPERATION_DEFINITION)!.selectionSet)
}

/** HTTP/1.1 requests with a content length, one after another on a connection; what came together is answered together. */
function onRequests(socket: Socket, answer: (body: string) => Buffer): void {
  let pending: Buffer = Buffer.alloc(0)
  let expected = 0
  socket.on('error', () => socket.destroy())
  socket.on('data', (data: Buffer) => {
    pending = pending.length === 0 ? data : Buffer.concat([pending, data])
    const answers: Buffer[] = []
    while (pending.length > 0 && pending.length >= expected) {
      const end = pending.indexOf('\r\n\r\n')
      if (end < 0) break
      expected = end + 4 + Number(/content-length: *(\d+)/i.exec(pending.toString('latin1', 0, end))?.[1] ?? 0)
      if (pending.length < expected) break
      answers.push(answer(pending.toString('latin1', end + 4, expected)))
      pending = pending.subarray(expected)
      expected = 0
    }
    if (answers.length > 0) socket.write(answers.length === 1 ? answers[0]! : Buffer.concat(answers))
  })
}

async function serveOurs({ folder, urls, supergraphFile }: Served): Promise<void> {
  const { startGateway } = await import('../gateway/src/gateway.ts')
  const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true })
  const gateway = await startGateway({
    port: 0, host: '127.0.0.1', issuer: 'http://127.0.0.1:9', audience: 'bench', natsUrl: 'nats://127.0.0.1:9', actorPrivateJwk: await exportJWK(privateKey),
    supergraphFile, operationsFolder: folder, addressOf: (service) => urls[service], introspection: false, corsOrigins: [],
  })
  ready(gateway.url)
}

async function serveApollo({ supergraphFile }: Served): Promise<void> {
  const { ApolloGateway } = await import('@apollo/gateway')
  const { ApolloServer } = await import('@apollo/server')
  const { startStandaloneServer } = await import('@apollo/server/standalone')
  const { readFileSync } = await import('node:fs')
  const server = new ApolloServer({ gateway: new ApolloGateway({ supergraphSdl: readFileSync(supergraphFile, 'utf8') }), stopOnTerminationSignals: false })
  const { url } = await startStandaloneServer(server, { listen: { port: 0, host: '127.0.0.1' } })
  ready(url)
}

async function serveHive({ folder, supergraphFile }: Served): Promise<void> {
  const { createGatewayRuntime } = await import('@graphql-hive/gateway-runtime')
  const { unifiedGraphHandler } = await import('@graphql-hive/router-runtime')
  const { hiveTransports } = await import('../tests/hive.ts')
  const { readManifest } = await import('../gateway/src/operations/manifest.ts')
  const { readFileSync } = await import('node:fs')
  const texts = new Map(readManifest(folder).operations.map(({ id, body }) => [id, body]))
  const gateway = createGatewayRuntime({
    supergraph: readFileSync(supergraphFile, 'utf8'), unifiedGraphHandler, logging: false, landingPage: false,
    // equal requests under way are not made one
    transports: hiveTransports({ deduplicateInflightRequests: false }),
    persistedDocuments: { getPersistedOperation: (id) => texts.get(id) ?? null, skipDocumentValidation: true },
  })
  const server = createHttpServer(gateway)
  server.listen(0, '127.0.0.1', () => ready(`http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`))
}

/** The same hops as the plans make, written by hand. */
function serveFloor({ urls }: Served): void {
  const services = new Map(Object.entries(urls).map(([name, url]) => [name, new Pool(new URL(url).origin, { connections: 64, pipelining: 1 })]))
  const ask = (service: string, query: string, variables: object): Promise<any> =>
    new Promise((resolve, reject) => {
      const chunks: Buffer[] = []
      services.get(service)!.dispatch({ path: '/graphql', method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ query, variables }) }, {
        onRequestStart() {}, onResponseStart() {}, onResponseData: (_controller, chunk) => void chunks.push(chunk),
        onResponseEnd: () => resolve((JSON.parse(Buffer.concat(chunks).toString()) as { data: unknown }).data), onResponseError: (_controller, error) => reject(error),
      })
    })
  const entities = async (service: string, fields: string, representations: object[]): Promise<any[]> =>
    (await ask(service, `query($representations:[_Any!]!){_entities(representations:$representations){${fields}}}`, { representations }))._entities
  const small = async (id: string): Promise<object> => {
    const { user } = await ask('accounts', 'query Small__accounts__0($id:ID!){user(id:$id){__typename id name}}', { id })
    const [{ lastOrder }] = await entities('orders', '...on User{lastOrder{__typename id number total}}', [{ __typename: 'User', id }])
    const [{ product }] = await entities('catalog', '...on Order{product{__typename id name price}}', [{ __typename: 'Order', id: lastOrder.id }])
    const [{ stock }] = await entities('stock', '...on Product{stock{onHand}}', [{ __typename: 'Product', id: product.id }])
    return { user: { name: user.name, lastOrder: { number: lastOrder.number, total: lastOrder.total, product: { name: product.name, price: product.price, stock: { onHand: stock.onHand } } } } }
  }
  const heavy = async (): Promise<object> => {
    const { me } = await ask('accounts', '{me{__typename id name email}}', {})
    const [{ orders }] = await entities('orders', '...on User{orders{__typename id number total status placedAt}}', [{ __typename: 'User', id: me.id }]) as [{ orders: any[] }]
    const found = await entities('catalog', '...on Order{product{__typename id name description manufacturer price tags}}', orders.map(({ id }) => ({ __typename: 'Order', id })))
    const ids = [...new Set(found.map(({ product }) => product.id as string))]
    const stocks = await entities('stock', '...on Product{stock{onHand reserved location lots{number expiry quantity}}}', ids.map((id) => ({ __typename: 'Product', id })))
    const stockOf = new Map(ids.map((id, index) => [id, stocks[index].stock]))
    return { me: { id: me.id, name: me.name, email: me.email, orders: orders.map(({ __typename: _, ...order }, index) => {
      const { __typename: __, ...product } = found[index].product
      return { ...order, product: { ...product, stock: stockOf.get(product.id) } }
    }) } }
  }
  const server = createHttpServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', async () => {
      const { variables } = JSON.parse(Buffer.concat(chunks).toString()) as { variables?: { id?: string } }
      const body = JSON.stringify({ data: variables?.id ? await small(variables.id) : await heavy() })
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }).end(body)
    })
  })
  server.listen(0, '127.0.0.1', () => ready(`http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`))
}

type Child = { process: ChildProcess; url: string; tell(): Promise<Told> }

async function start(args: readonly string[], execArgv: readonly string[] = []): Promise<Child> {
  const child = fork(fileURLToPath(import.meta.url), args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], execArgv: [...execArgv], env: { ...process.env, NODE_ENV: 'production', LOG_LEVEL: args[0] === 'hive' ? 'error' : 'silent' } })
  const ended = new Promise<never>((_, reject) => child.once('exit', (code) => reject(new Error(`${args[0]} ended with ${code}`))))
  ended.catch(() => undefined)
  const next = <Message>(): Promise<Message> => Promise.race([new Promise<Message>((resolve) => child.once('message', (message) => resolve(message as Message))), ended])
  const { url } = await next<{ url: string }>()
  return {
    process: child,
    url,
    tell() {
      const answer = next<Told>()
      child.send('tell')
      return answer
    },
  }
}

/** `inTime`: requests answered within the round; the others end before the next one begins, and count for CPU only. */
type Round = { requests: number; inTime: number; seconds: number; cpuMs: number; latencies: number[] }

const persistedQuery = (id: string) => ({ persistedQuery: { version: 1, sha256Hash: id } })

async function post(gateway: Child, body: string): Promise<string> {
  return (await fetch(gateway.url, { method: 'POST', headers: { 'content-type': 'application/json' }, body })).text()
}

/** Calls back at the end of every answer with its first bytes. Reads the head only: the client may not be what is measured. */
function onAnswers(socket: Socket, handle: (start: string) => void): void {
  let start = ''
  /** Bytes still to come; unknown where the answer comes in chunks. */
  let missing = 0
  let chunked = false
  socket.on('data', (data: Buffer) => {
    if (missing === 0 && !chunked) {
      const end = data.indexOf('\r\n\r\n')
      if (end < 0) return void socket.destroy(new Error('an answer whose head comes in pieces'))
      const head = data.toString('latin1', 0, end)
      const length = /content-length: *(\d+)/i.exec(head)
      start = head.slice(0, 12)
      chunked = !length
      missing = length ? end + 4 + Number(length[1]) : 0
    }
    if (!chunked) missing -= data.length
    else if (data.toString('latin1', data.length - 5) === '0\r\n\r\n') chunked = false
    if (missing === 0 && !chunked) handle(start)
  })
}

/** A fixed number of connections, each sending its next request when the last was answered. */
async function load(gateway: Child, requests: readonly Buffer[], ms: number, turn = 0): Promise<Round> {
  const { hostname, port } = new URL(gateway.url)
  const sockets = await Promise.all(Array.from({ length: connections }, () => new Promise<Socket>((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), noDelay: true }, () => resolve(socket)).once('error', reject)
  })))
  const latencies: number[] = []
  let inTime = 0
  const before = await gateway.tell()
  const started = performance.now()
  await Promise.all(sockets.map((socket) => new Promise<void>((resolve, reject) => {
    let sent = 0
    const next = (): void => {
      sent = performance.now()
      if (sent - started > ms) return resolve()
      socket.write(requests[turn++ % requests.length]!)
    }
    socket.once('error', reject)
    onAnswers(socket, (start) => {
      if (start !== 'HTTP/1.1 200') return reject(new Error(`the gateway answered ${start}`))
      const now = performance.now()
      if (now - started <= ms) inTime++
      latencies.push(now - sent)
      next()
    })
    next()
  })))
  const { cpu } = await gateway.tell()
  for (const socket of sockets) socket.destroy()
  return { requests: latencies.length, inTime, seconds: ms / 1_000, cpuMs: (cpu.user + cpu.system - before.cpu.user - before.cpu.system) / 1_000, latencies }
}

const rpsOf = ({ inTime, seconds }: Round): number => inTime / seconds
const cpuOf = ({ cpuMs, requests }: Round): number => cpuMs / requests

function summary(all: readonly Round[]): { rps: number; p50: number; p99: number; cpuMsPerRequest: number } {
  const latencies = all.flatMap((round) => round.latencies).sort((a, b) => a - b)
  const at = (share: number): number => round2(latencies[Math.floor(latencies.length * share)]!)
  return { rps: Math.round(median(all.map(rpsOf))), p50: at(0.5), p99: at(0.99), cpuMsPerRequest: round3(median(all.map(cpuOf))) }
}
const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
const round2 = (value: number): number => Math.round(value * 100) / 100
const round3 = (value: number): number => Math.round(value * 1_000) / 1_000

type Bench = {
  readonly children: Child[]
  readonly subgraphs: readonly Child[]
  start(peer: Peer, execArgv?: readonly string[]): Promise<Child>
  /** The bodies of one operation, by persisted id: one for each value of its variables. */
  bodies(name: 'small' | 'heavy'): readonly string[]
  /** The first of them with the operation's text, for a gateway that learns it. */
  lesson(name: 'small' | 'heavy'): string
}

async function prepare(folder: string): Promise<Bench> {
  const { composeServices } = await import('@apollo/composition')
  const { readOperationFiles } = await import('../gateway/src/operations/manifest.ts')
  const { mkdirSync } = await import('node:fs')
  const names = Object.keys(schemas)
  const subgraphs = await Promise.all(names.map((name) => start(['subgraph', name])))
  const children = [...subgraphs]
  const urls = Object.fromEntries(names.map((name, index) => [name, subgraphs[index]!.url]))
  const composed = composeServices(names.map((name) => ({ name, url: urls[name]!, typeDefs: parse(schemas[name]!) })))
  if (composed.errors) throw new AggregateError(composed.errors, 'the supergraph of the benchmark does not compose')
  const supergraphFile = join(folder, 'supergraph.graphql')
  writeFileSync(supergraphFile, composed.supergraphSdl)
  mkdirSync(join(folder, 'web'))
  for (const [name, text] of Object.entries(operations)) writeFileSync(join(folder, 'web', `${name}.graphql`), text)
  const manifest = readOperationFiles(folder)
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifest))
  const find = (name: string) => manifest.operations.find((operation) => operation.name.toLowerCase() === name)!
  const variables = (name: string): object[] => (name === 'small' ? Array.from({ length: smallIds }, (_, index) => ({ id: `user-${index}` })) : [{}])
  return {
    children,
    subgraphs,
    async start(peer, execArgv) {
      const child = await start([peer, JSON.stringify({ folder, urls, supergraphFile } satisfies Served)], execArgv)
      children.push(child)
      return child
    },
    bodies: (name) => variables(name).map((variables) => JSON.stringify({ extensions: persistedQuery(find(name).id), variables })),
    lesson: (name) => JSON.stringify({ query: find(name).body, extensions: persistedQuery(find(name).id), variables: variables(name)[0] }),
  }
}

function requestsOf({ url }: Child, bodies: readonly string[]): Buffer[] {
  const { host, pathname } = new URL(url)
  return bodies.map((body) => Buffer.from(`POST ${pathname} HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`))
}

async function compare(bench: Bench): Promise<void> {
  const gateways = Object.fromEntries(await Promise.all(peers.map(async (peer) => [peer, await bench.start(peer)]))) as Record<Peer, Child>
  const fetched = async (): Promise<number> => (await Promise.all(bench.subgraphs.map((subgraph) => subgraph.tell()))).reduce((total, { answered }) => total + answered, 0)
  const result: Record<string, unknown> = { bench: 'gateway', connections, rounds, roundMs }
  for (const name of ['small', 'heavy'] as const) {
    const bodies = bench.bodies(name)
    for (const peer of peers) if (peer !== 'hive') await post(gateways[peer], bench.lesson(name))
    let answerBytes = 0
    for (const body of bodies.filter((_, index) => index % 97 === 0)) {
      const [ours, ...others] = await Promise.all(peers.map((peer) => post(gateways[peer], body)))
      if (!ours!.startsWith('{"data":{')) throw new Error(`the gateway did not answer ${name}: ${ours!.slice(0, 300)}`)
      for (const other of others) deepEqual(JSON.parse(other), JSON.parse(ours!), `${name} is answered differently`)
      answerBytes = ours!.length
    }
    const measured = Object.fromEntries(peers.map((peer) => [peer, [] as Round[]])) as unknown as Record<Peer, Round[]>
    const fetches: Partial<Record<Peer, number>> = {}
    for (const peer of peers) {
      const before = await fetched()
      let requests = 0
      // until every request was made once: then the subgraphs know their answers
      do requests += (await load(gateways[peer], requestsOf(gateways[peer], bodies), warmUpMs, requests)).requests
      while (requests < bodies.length)
      fetches[peer] = round2(((await fetched()) - before) / requests)
    }
    for (let round = 0; round < rounds; round++) {
      for (const peer of peers) {
        measured[peer].push(await load(gateways[peer], requestsOf(gateways[peer], bodies), roundMs))
        console.error(`${name} ${peer}: ${JSON.stringify(summary(measured[peer].slice(-1)))}`)
      }
    }
    const ratio = (of: (round: Round) => number, a: Peer, b: Peer): number => round2(median(measured[a].map((round, index) => of(round) / of(measured[b][index]!))))
    result[name] = {
      answerBytes,
      ...Object.fromEntries(peers.map((peer) => [peer, { ...summary(measured[peer]), fetchesPerRequest: fetches[peer] }])),
      timesApollo: ratio(rpsOf, 'ours', 'apollo'), timesApolloByCpu: ratio(cpuOf, 'apollo', 'ours'),
      timesHive: ratio(rpsOf, 'ours', 'hive'), timesHiveByCpu: ratio(cpuOf, 'hive', 'ours'),
      ofFloor: ratio(rpsOf, 'ours', 'floor'), ofFloorByCpu: ratio(cpuOf, 'floor', 'ours'),
    }
  }
  console.log(JSON.stringify(result))
}

async function profile(bench: Bench, folder: string): Promise<void> {
  const ours = await bench.start('ours', ['--cpu-prof', '--cpu-prof-interval=200', `--cpu-prof-dir=${folder}`])
  const result: Record<string, unknown> = { bench: 'gateway', profile: folder }
  for (const name of ['small', 'heavy'] as const) {
    await post(ours, bench.lesson(name))
    result[name] = summary([await load(ours, requestsOf(ours, bench.bodies(name)), 6_000)])
  }
  console.log(JSON.stringify(result))
}

/** Both operations in turn for so many minutes: memory may not grow. */
async function endure(bench: Bench, minutes: number): Promise<void> {
  const ours = await bench.start('ours', ['--expose-gc'])
  const each: object[] = []
  for (let minute = 0; minute <= minutes; minute++) {
    let requests = 0
    if (minute > 0) for (const name of ['small', 'heavy', 'small', 'heavy'] as const) requests += (await load(ours, requestsOf(ours, bench.bodies(name)), 15_000)).requests
    const { memory } = await ours.tell()
    const megabytes = (bytes: number): number => Math.round(bytes / 104_857.6) / 10
    each.push({ minute, requests, rss: megabytes(memory.rss), heap: megabytes(memory.heapUsed), external: megabytes(memory.external) })
    console.error(JSON.stringify(each.at(-1)))
  }
  console.log(JSON.stringify({ bench: 'gateway', minutes: each }))
}

/** Runs the benchmark; the figures are the last line on standard output. */
export async function run(args: readonly string[] = []): Promise<void> {
  const { values } = parseArgs({ args: [...args], options: { minutes: { type: 'string' }, profile: { type: 'string' } } })
  const folder = mkdtempSync(join(tmpdir(), 'bench-gateway-'))
  let bench: Bench | undefined
  try {
    bench = await prepare(folder)
    if (values.minutes) await endure(bench, Number(values.minutes))
    else if (values.profile) await profile(bench, values.profile)
    else await compare(bench)
  } finally {
    const ended = (bench?.children ?? []).map((child) => (child.process.exitCode === null ? new Promise((resolve) => child.process.once('exit', resolve)) : undefined))
    for (const { process: child } of bench?.children ?? []) if (child.connected) child.disconnect()
    await Promise.all(ended)
    rmSync(folder, { recursive: true, force: true })
  }
}
