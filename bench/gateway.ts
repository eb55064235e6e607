/**
 * Our gateway against @apollo/gateway with Apollo Server as it comes, and against the floor: a bare Node process that
 * makes the same hops by hand, with JSON parse and stringify and nothing else. Same supergraph, same subgraph processes,
 * same run, rounds in turn. Two operations, by persisted id: `small`, four hops one after another over 2,000 ids; `heavy`,
 * a list whose answer is some 90 KB. No request is shared with another. The subgraphs answer from memory without executing
 * GraphQL, so that the gateways are what is measured. Besides requests per second it reports each process's own CPU time
 * per request, which other processes do not disturb. All must answer the same.
 */
import { deepEqual } from 'node:assert/strict'
import { fork, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createHash } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { exportJWK, generateKeyPair } from 'jose'
import { parse } from 'graphql'
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
const roundMs = 2_000
const warmUpMs = 1_500
const rounds = 3
const peers = ['ours', 'apollo', 'floor'] as const
type Peer = (typeof peers)[number]

/** What a subgraph says about one entity; all fields it has, whatever was asked. */
const answers: Record<string, (representation: { id: string }) => object> = {
  orders: ({ id }) => ({ id, lastOrder: order(`order-${numberOf(id)}`), orders: Array.from({ length: heavyOrders }, (_, index) => order(`heavy-${index}`)) }),
  catalog: ({ id }) => (id.startsWith('product') ? product(id) : { product: { __typename: 'Product', id: productOf(id), ...product(id) } }),
  stock: ({ id }) => ({ stock: { onHand: 100, reserved: 7, location: `shelf ${id}`, lots: Array.from({ length: 3 }, (_, index) => ({ number: `LOT-${id}-${index}`, expiry: '2027-11-30', quantity: 30 })) } }),
}
const numberOf = (id: string): number => Number(id.slice(id.indexOf('-') + 1))
const productOf = (id: string): string => `product-${id.startsWith('heavy') ? numberOf(id) % heavyProducts : numberOf(id)}`
const order = (id: string) => ({ __typename: 'Order', id, number: `PG-${10_000 + numberOf(id)}`, total: 4_200 + numberOf(id), status: 'DELIVERED', placedAt: '2026-10-01T12:00:00Z' })
const product = (id: string) => ({ name: `Product ${productOf(id)}`, description: 'Tablets of the usual kind, to be taken with water as the label says, not with grapefruit.', manufacturer: 'Acme Laboratories', price: 1_299, tags: ['tablet', 'generic', 'oral'] })

if (process.argv[2] === 'subgraph') serveSubgraph(process.argv[3]!)
else if (process.argv[2] === 'ours') await serveOurs(JSON.parse(process.argv[3]!) as Served)
else if (process.argv[2] === 'apollo') await serveApollo(JSON.parse(process.argv[3]!) as Served)
else if (process.argv[2] === 'floor') serveFloor(JSON.parse(process.argv[3]!) as Served)

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
    const { variables, query } = JSON.parse(body) as { query: string; variables?: { id?: string; representations?: { id: string }[] } }
    const lean = query.includes('lastOrder')
    const user = (id: string) => ({ __typename: 'User', id, name: 'Ada', email: 'ada@example.com' })
    const data = name === 'accounts' ? (variables?.id ? { user: user(variables.id) } : { me: user('user-1') }) : { _entities: variables?.representations?.map((representation) => {
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

/** One operation as its requests: by id, with one body for each value of its variables. */
type Asked = { readonly name: string; readonly id: string; readonly text: string; readonly bodies: readonly string[] }

const persistedQuery = (id: string) => ({ persistedQuery: { version: 1, sha256Hash: id } })

async function post(gateway: Child, body: string): Promise<string> {
  return (await fetch(gateway.url, { method: 'POST', headers: { 'content-type': 'application/json' }, body })).text()
}

/** A fixed number of connections, each sending its next request when the last was answered. */
async function load(gateway: Child, bodies: readonly string[], ms: number): Promise<Round> {
  const { hostname, port, pathname } = new URL(gateway.url)
  const requests = bodies.map((body) => Buffer.from(`POST ${pathname} HTTP/1.1\r\nhost: ${hostname}:${port}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`))
  const latencies: number[] = []
  const cpuBefore = await gateway.cpuMs()
  const started = performance.now()
  let turn = 0
  await Promise.all(Array.from({ length: connections }, () => new Promise<void>((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), noDelay: true })
    let sent = 0
    const next = (): void => {
      sent = performance.now()
      if (sent - started > ms) {
        socket.destroy()
        return resolve()
      }
      socket.write(requests[turn++ % requests.length]!)
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
    const gateways: Record<Peer, Child> = { ours: await start('ours', served), apollo: await start('apollo', served), floor: await start('floor', served) }
    children.push(...Object.values(gateways))

    const result: Record<string, unknown> = { bench: 'gateway', connections, rounds, roundMs }
    for (const name of ['small', 'heavy'] as const) {
      const { id, body: text } = manifest.operations.find((operation) => operation.name.toLowerCase() === name)!
      const ids = name === 'small' ? Array.from({ length: smallIds }, (_, index) => ({ id: `user-${index}` })) : [{}]
      const asked: Asked = { name, id, text, bodies: ids.map((variables) => JSON.stringify({ extensions: persistedQuery(id), variables })) }
      // the text goes along the first time, for the one that learns it
      for (const peer of peers) await post(gateways[peer], JSON.stringify({ query: text, extensions: persistedQuery(id), variables: ids[0] }))
      let answerBytes = 0
      for (const body of asked.bodies.filter((_, index) => index % 97 === 0)) {
        const [ours, ...others] = await Promise.all(peers.map((peer) => post(gateways[peer], body)))
        if (!ours!.startsWith('{"data":{')) throw new Error(`the gateway did not answer ${name}: ${ours!.slice(0, 300)}`)
        for (const other of others) deepEqual(JSON.parse(ours!), JSON.parse(other), `${name} is answered differently`)
        answerBytes = ours!.length
      }
      const measured: Record<Peer, Round[]> = { ours: [], apollo: [], floor: [] }
      for (const peer of peers) await load(gateways[peer], asked.bodies, warmUpMs)
      for (let round = 0; round < rounds; round++) {
        for (const peer of peers) {
          measured[peer].push(await load(gateways[peer], asked.bodies, roundMs))
          console.error(`${name} ${peer}: ${JSON.stringify(summary(measured[peer].slice(-1)))}`)
        }
      }
      const [ours, apollo, floor] = [summary(measured.ours), summary(measured.apollo), summary(measured.floor)]
      result[name] = {
        answerBytes, ours, apollo, floor,
        timesApollo: round2(ours.rps / apollo.rps), timesApolloByCpu: round2(apollo.cpuMsPerRequest / ours.cpuMsPerRequest),
        ofFloor: round2(ours.rps / floor.rps), ofFloorByCpu: round2(floor.cpuMsPerRequest / ours.cpuMsPerRequest),
      }
    }
    console.log(JSON.stringify(result))
  } finally {
    for (const child of children) child.process.disconnect()
    rmSync(folder, { recursive: true, force: true })
  }
}
