/**
 * Our gateway against @apollo/gateway with Apollo Server as it comes: same supergraph, same subgraph processes, same
 * run, rounds in turn. Two operations: `small`, four hops one after another; `heavy`, a list whose answer is some 90 KB.
 * The subgraphs answer from memory without executing GraphQL, so that the gateways are what is measured. Besides
 * requests per second it reports the gateway's own CPU time per request, which the other processes do not disturb.
 */
import { fork, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createHash } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { exportJWK, generateKeyPair } from 'jose'
import { parse } from 'graphql'

const link = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])'
const schemas: Record<string, string> = {
  accounts: `${link} type Query { me: User } type User @key(fields: "id") { id: ID! name: String! email: String! }`,
  orders: `${link} type User @key(fields: "id") { id: ID! lastOrder: Order orders: [Order!]! } type Order @key(fields: "id") { id: ID! number: String! total: Int! status: String! placedAt: String! }`,
  catalog: `${link} type Order @key(fields: "id") { id: ID! product: Product } type Product @key(fields: "id") { id: ID! name: String! description: String! manufacturer: String! price: Int! tags: [String!]! }`,
  stock: `${link} type Product @key(fields: "id") { id: ID! stock: Stock } type Stock { onHand: Int! reserved: Int! location: String! lots: [Lot!]! } type Lot { number: String! expiry: String! quantity: Int! }`,
}
const operations = {
  small: 'query Small { me { name lastOrder { number total product { name price stock { onHand } } } } }',
  heavy: 'query Heavy { me { id name email orders { id number total status placedAt product { id name description manufacturer price tags stock { onHand reserved location lots { number expiry quantity } } } } } }',
}
const heavyOrders = 150
const heavyProducts = 60

const connections = 32
const roundMs = 4_000
const rounds = 3

/** What a subgraph says about one entity; all fields it has, whatever was asked. */
const answers: Record<string, (representation: { id: string }) => object> = {
  orders: ({ id }) => ({ id, lastOrder: order(0), orders: Array.from({ length: heavyOrders }, (_, index) => order(index)) }),
  catalog: ({ id }) => (id.startsWith('order-') ? { product: { __typename: 'Product', id: `product-${Number(id.slice(6)) % heavyProducts}`, ...product(id) } } : product(id)),
  stock: ({ id }) => ({ stock: { onHand: 100, reserved: 7, location: `shelf ${id}`, lots: Array.from({ length: 3 }, (_, index) => ({ number: `LOT-${id}-${index}`, expiry: '2027-11-30', quantity: 30 })) } }),
}
const order = (index: number) => ({ __typename: 'Order', id: `order-${index}`, number: `PG-${10_000 + index}`, total: 4_200 + index, status: 'DELIVERED', placedAt: '2026-10-01T12:00:00Z' })
const product = (id: string) => ({ name: `Product ${id}`, description: 'Tablets of the usual kind, to be taken with water as the label says, not with grapefruit.', manufacturer: 'Acme Laboratories', price: 1_299, tags: ['tablet', 'generic', 'oral'] })

if (process.argv[2] === 'subgraph') serveSubgraph(process.argv[3]!)
else if (process.argv[2] === 'ours') await serveOurs(JSON.parse(process.argv[3]!) as Served)
else if (process.argv[2] === 'apollo') await serveApollo(JSON.parse(process.argv[3]!) as Served)

type Served = { folder: string; urls: Record<string, string>; supergraphFile: string }

function ready(url: string): void {
  process.send!({ url })
  process.on('message', () => process.send!({ cpu: process.cpuUsage() }))
  process.on('disconnect', () => process.exit(0))
}

/** Plain sockets and remembered answers: on a machine of few cores the subgraphs must not be what is measured. */
function serveSubgraph(name: string): void {
  const known = new Map<string, Buffer>()
  const answerTo = (body: string): Buffer => {
    const { variables, query } = JSON.parse(body) as { query: string; variables?: { representations?: { id: string }[] } }
    const lean = query.includes('lastOrder')
    const data = name === 'accounts' ? { me: { __typename: 'User', id: 'user-1', name: 'Ada', email: 'ada@example.com' } } : { _entities: variables?.representations?.map((representation) => {
      const all = answers[name]!(representation) as Record<string, unknown>
      if (name === 'orders') delete all[lean ? 'orders' : 'lastOrder']
      return all
    }) }
    const text = JSON.stringify({ data })
    return Buffer.from(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`)
  }
  const server = createServer({ noDelay: true }, (socket) => {
    onMessages(socket, (_head, body) => {
      let answer = known.get(body)
      if (!answer) known.set(body, (answer = answerTo(body)))
      socket.write(answer)
    })
  })
  server.listen(0, '127.0.0.1', () => ready(`http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`))
}

/** HTTP/1.1 messages with a content length, one after another on a connection. */
function onMessages(socket: Socket, handle: (head: string, body: string) => void): void {
  let pending: Buffer[] = []
  let expected = 0
  socket.on('error', () => socket.destroy())
  socket.on('data', (chunk: Buffer) => {
    pending.push(chunk)
    if (expected > 0 && (expected -= chunk.length) > 0) return
    const all = pending.length === 1 ? chunk : Buffer.concat(pending)
    pending = [all]
    const end = all.indexOf('\r\n\r\n')
    if (end < 0) return
    const head = all.toString('latin1', 0, end)
    const length = Number(/content-length: *(\d+)/i.exec(head)?.[1] ?? 0)
    expected = end + 4 + length - all.length
    if (expected > 0) return
    pending = []
    expected = 0
    handle(head, all.toString('utf8', end + 4))
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

type Child = { process: ChildProcess; url: string; cpuMs(): Promise<number> }

async function start(...args: string[]): Promise<Child> {
  const child = fork(fileURLToPath(import.meta.url), args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], env: { ...process.env, NODE_ENV: 'production', LOG_LEVEL: 'silent' } })
  const ended = new Promise<never>((_, reject) => child.once('exit', (code) => reject(new Error(`${args[0]} ended with ${code}`))))
  ended.catch(() => undefined)
  const next = <Message>(): Promise<Message> => Promise.race([new Promise<Message>((resolve) => child.once('message', (message) => resolve(message as Message))), ended])
  const { url } = await next<{ url: string }>()
  return {
    process: child,
    url,
    async cpuMs() {
      const answer = next<{ cpu: NodeJS.CpuUsage }>()
      child.send('cpu')
      const { cpu } = await answer
      return (cpu.user + cpu.system) / 1_000
    },
  }
}

export type Round = { requests: number; seconds: number; cpuMs: number; latencies: number[] }

/** A fixed number of connections, each sending its next request when the last was answered. */
async function load(gateway: Child, hash: string, query: string, ms: number): Promise<Round> {
  const { hostname, port, pathname } = new URL(gateway.url)
  // by id on both sides; the text goes along the first time, for the one that learns it
  const persistedQuery = { version: 1, sha256Hash: hash }
  const first = (await (await fetch(gateway.url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ query, extensions: { persistedQuery } }) })).json()) as { data?: unknown; errors?: unknown }
  if (!first.data || first.errors) throw new Error(`the gateway did not answer: ${JSON.stringify(first).slice(0, 500)}`)
  const body = JSON.stringify({ extensions: { persistedQuery } })
  const request = Buffer.from(`POST ${pathname} HTTP/1.1\r\nhost: ${hostname}:${port}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`)
  const latencies: number[] = []
  const cpuBefore = await gateway.cpuMs()
  const started = performance.now()
  await Promise.all(Array.from({ length: connections }, () => new Promise<void>((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), noDelay: true })
    let sent = 0
    const next = (): void => {
      sent = performance.now()
      if (sent - started > ms) {
        socket.destroy()
        return resolve()
      }
      socket.write(request)
    }
    onMessages(socket, (head) => {
      if (!head.startsWith('HTTP/1.1 200')) return reject(new Error(`the gateway answered ${head.slice(0, 40)}`))
      latencies.push(performance.now() - sent)
      next()
    })
    socket.once('connect', next)
  })))
  const seconds = (performance.now() - started) / 1_000
  const cpuMs = (await gateway.cpuMs()) - cpuBefore
  return { requests: latencies.length, seconds, cpuMs, latencies }
}

function summary(all: Round[]): { rps: number; p50: number; p99: number; cpuMsPerRequest: number } {
  const sum = (pick: (round: Round) => number): number => all.reduce((total, round) => total + pick(round), 0)
  const latencies = all.flatMap((round) => round.latencies).sort((a, b) => a - b)
  const at = (share: number): number => round2(latencies[Math.floor(latencies.length * share)]!)
  return { rps: Math.round(sum(({ requests }) => requests) / sum(({ seconds }) => seconds)), p50: at(0.5), p99: at(0.99), cpuMsPerRequest: round2(sum(({ cpuMs }) => cpuMs) / sum(({ requests }) => requests)) }
}
const round2 = (value: number): number => Math.round(value * 100) / 100

/** Runs the benchmark; the figures are the last line on standard output. */
export async function run(): Promise<void> {
  const { composeServices } = await import('@apollo/composition')
  const { readOperationFiles } = await import('../gateway/src/operations/manifest.ts')
  const { mkdirSync } = await import('node:fs')
  const folder = mkdtempSync(join(tmpdir(), 'bench-gateway-'))
  const children: Child[] = []
  try {
    const subgraphs = await Promise.all(Object.keys(schemas).map(async (name) => [name, await start('subgraph', name)] as const))
    children.push(...subgraphs.map(([, child]) => child))
    const urls = Object.fromEntries(subgraphs.map(([name, { url }]) => [name, url]))
    const composed = composeServices(Object.entries(schemas).map(([name, sdl]) => ({ name, url: urls[name]!, typeDefs: parse(sdl) })))
    if (composed.errors) throw new AggregateError(composed.errors, 'the supergraph of the benchmark does not compose')
    const supergraphFile = join(folder, 'supergraph.graphql')
    writeFileSync(supergraphFile, composed.supergraphSdl)
    mkdirSync(join(folder, 'web'))
    for (const [name, text] of Object.entries(operations)) writeFileSync(join(folder, 'web', `${name}.graphql`), text)
    const manifest = readOperationFiles(folder)
    writeFileSync(join(folder, 'manifest.json'), JSON.stringify(manifest))
    const served = JSON.stringify({ folder, urls, supergraphFile } satisfies Served)
    const gateways = { ours: await start('ours', served), apollo: await start('apollo', served) }
    children.push(...Object.values(gateways))

    const result: Record<string, unknown> = { bench: 'gateway', connections, rounds, roundMs }
    for (const name of ['small', 'heavy'] as const) {
      const { id, body } = manifest.operations.find((operation) => operation.name.toLowerCase() === name)!
      const answer = async (gateway: Child) => (await fetch(gateway.url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ query: body, extensions: { persistedQuery: { version: 1, sha256Hash: id } } }) })).text()
      const [ours, apollo] = [await answer(gateways.ours), await answer(gateways.apollo)]
      if (ours.trim() !== apollo.trim()) throw new Error(`the gateways answer ${name} differently`)
      const measured: Record<'ours' | 'apollo', Round[]> = { ours: [], apollo: [] }
      for (const gateway of ['ours', 'apollo'] as const) await load(gateways[gateway], id, body, 2_000)
      for (let round = 0; round < rounds; round++) {
        for (const gateway of ['ours', 'apollo'] as const) {
          measured[gateway].push(await load(gateways[gateway], id, body, roundMs))
          console.error(`${name} ${gateway}: ${JSON.stringify(summary(measured[gateway].slice(-1)))}`)
        }
      }
      const own = summary(measured.ours)
      const other = summary(measured.apollo)
      result[name] = {
        answerBytes: ours.length, ourRps: own.rps, apolloRps: other.rps, ratio: round2(own.rps / other.rps), p50: own.p50, p99: own.p99, apolloP50: other.p50, apolloP99: other.p99,
        ourCpuMs: own.cpuMsPerRequest, apolloCpuMs: other.cpuMsPerRequest, cpuRatio: round2(other.cpuMsPerRequest / own.cpuMsPerRequest),
      }
    }
    console.log(JSON.stringify(result))
  } finally {
    for (const child of children) child.process.kill()
    rmSync(folder, { recursive: true, force: true })
  }
}
