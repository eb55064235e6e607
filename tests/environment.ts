/**
 * What tests run on: a real PostgreSQL and a real NATS on free ports, one scratch database per subgraph under test.
 * `npm test` starts one PostgreSQL for all files and names it in TEST_POSTGRES_URL; a file run alone starts its own.
 */
import { after } from 'node:test'
import { randomBytes } from 'node:crypto'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, globSync } from 'node:fs'
import { chown, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exportJWK, generateKeyPair, type JWK } from 'jose'
import pg from 'pg'
import {
  connectBroker, newId, runSubgraph, signActor, subjectOf, anonymous, checkEvent,
  type Actor, type Broker, type CloudEvent, type EventMap, type EventType, type Role, type RunningSubgraph, type SubgraphDefinition,
} from '@pharmagraph/platform'

import { freePort } from '../dev/src/stack/ports.ts'

export type ScratchServer = { adminUrl: string; stop(): Promise<void> }

/** A PostgreSQL server for scratch databases. */
export async function scratchServer(): Promise<ScratchServer> {
  const shared = process.env['TEST_POSTGRES_URL']
  if (shared) return { adminUrl: shared, stop: async () => {} }
  const dataDir = await mkdtemp(join(tmpdir(), 'pharmagraph-pg-'))
  const { startPostgres } = await import('../dev/src/stack/postgres.ts')
  const server = await startPostgres({ dataDir, port: 0, durable: false, databases: [] })
  return {
    adminUrl: server.adminUrlFor('postgres'),
    async stop() {
      await server.stop()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

/**
 * The system's PostgreSQL with PostGIS on a free port, for what needs it; undefined where it is not installed
 * (Debian: postgresql-15-postgis-3).
 */
export async function postgisServer(): Promise<ScratchServer | undefined> {
  const [bin] = globSync('/usr/lib/postgresql/*/bin').filter((folder) => existsSync(`/usr/share/postgresql/${folder.split('/')[4]}/extension/postgis.control`))
  if (!bin) return undefined
  const folder = await mkdtemp(join(tmpdir(), 'pharmagraph-postgis-'))
  // PostgreSQL refuses to run as root: the package's own user runs it then
  const owner = process.getuid?.() === 0 ? { uid: Number(execFileSync('id', ['-u', 'postgres'])), gid: Number(execFileSync('id', ['-g', 'postgres'])) } : {}
  if (owner.uid) await chown(folder, owner.uid, owner.gid)
  const port = await freePort()
  execFileSync(join(bin, 'initdb'), ['-D', join(folder, 'data'), '-U', 'postgres', '-A', 'trust', '--no-sync'], { ...owner, stdio: 'ignore', cwd: folder })
  const child = spawn(join(bin, 'postgres'), ['-D', join(folder, 'data'), '-p', String(port), '-c', 'listen_addresses=127.0.0.1', '-c', 'fsync=off', '-c', `unix_socket_directories=${folder}`], { ...owner, stdio: 'ignore', cwd: folder })
  const adminUrl = `postgresql://postgres@127.0.0.1:${port}/postgres`
  await eventually(async () => {
    const client = new pg.Client({ connectionString: adminUrl })
    return client.connect().then(() => client.end()).then(() => true, () => false)
  }, { what: 'PostgreSQL with PostGIS' })
  return {
    adminUrl,
    async stop() {
      const gone = once(child, 'exit')
      child.kill('SIGINT')
      await gone
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** A fresh database on the server, owned by a role of its own, dropped by the returned function. */
export async function scratchDatabase(server: ScratchServer, name: string): Promise<{ url: string; drop(): Promise<void> }> {
  const database = `${name}_${randomBytes(5).toString('hex')}`
  const admin = new pg.Client({ connectionString: server.adminUrl })
  await admin.connect()
  await admin.query(`create role ${database} login password 'scratch'`)
  await admin.query(`create database ${database} owner ${database}`)
  await admin.end()
  const url = Object.assign(new URL(server.adminUrl), { pathname: `/${database}`, username: database, password: 'scratch' }).toString()
  return {
    url,
    async drop() {
      const again = new pg.Client({ connectionString: server.adminUrl })
      await again.connect()
      await again.query(`drop database if exists ${database} with (force)`)
      await again.query(`drop role if exists ${database}`)
      await again.end()
    },
  }
}

export type ScratchBroker = { url: string; kill(): Promise<void>; restart(): Promise<void>; stop(): Promise<void> }

/** A NATS server of its own, which can be killed (as by kill -9) and started again on the same port and store. */
export async function scratchBroker(): Promise<ScratchBroker> {
  const storeDir = await mkdtemp(join(tmpdir(), 'pharmagraph-nats-'))
  const { startNats } = await import('../dev/src/stack/nats.ts')
  let server = await startNats({ storeDir, port: 0 })
  const { url } = server
  return {
    url,
    async kill() {
      await server.kill()
    },
    async restart() {
      server = await startNats({ storeDir, port: Number(new URL(url).port) })
    },
    async stop() {
      await server.stop()
      await rm(storeDir, { recursive: true, force: true })
    },
  }
}

/** An actor for tests: `actorWith('pharmacist', { amr: ['pwd', 'otp'] })`. */
export const actorWith = (roles: Role | Role[], claims: Partial<Actor> = {}): Actor => ({
  subject: claims.subject ?? newId(),
  roles: Array.isArray(roles) ? roles : [roles],
  scopes: [],
  amr: ['pwd'],
  authTime: Math.floor(Date.now() / 1000),
  ...claims,
})

// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type Answer = { data: any; errors?: { message: string; path?: (string | number)[]; extensions: Record<string, any> }[] }

export type SubgraphUnderTest = {
  running: RunningSubgraph
  url: string
  databaseUrl: string
  /** Runs an operation as `actor` over HTTP, as the gateway would. */
  graph(actor: Actor, query: string, variables?: Record<string, unknown>): Promise<Answer>
  /** Like `graph`, and fails on any error. */
  data(actor: Actor, query: string, variables?: Record<string, unknown>): Promise<Answer['data']>
  /** Publishes an event of another subgraph, checked against its contract. */
  publish<Type extends EventType>(type: Type, subject: string, data: EventMap[Type], id?: string): Promise<string>
  /** Delivers an event again under another message id, so that the broker does not drop the repeat. */
  republish<Type extends EventType>(type: Type, subject: string, data: EventMap[Type], id: string): Promise<void>
  /** The NATS of this test; only with { background: true }. */
  broker: ScratchBroker
  /** Events this subgraph has written to its outbox, oldest first. */
  emitted<Type extends EventType>(type: Type): Promise<EventMap[Type][]>
  /** How many SQL statements the subgraph runs during `work`. */
  countSql(work: () => Promise<void>): Promise<number>
  /** SQL on the subgraph's own database. */
  sql<Row = Record<string, unknown>>(text: string, params?: unknown[]): Promise<Row[]>
  /** Headers that carry `actor`, for raw HTTP routes. */
  headersFor(actor: Actor): Promise<Record<string, string>>
}

/**
 * Starts one subgraph in this process on a scratch database; with `background` also a NATS of its own, the relay,
 * consumers and jobs. Everything is gone after the file's last test.
 */
export async function testSubgraph<Loaders, Services>(
  definition: SubgraphDefinition<Loaders, Services>,
  { background = false, seed = false }: { background?: boolean; seed?: boolean } = {},
): Promise<SubgraphUnderTest> {
  const [server, broker] = await Promise.all([scratchServer(), background ? scratchBroker() : undefined])
  const database = await scratchDatabase(server, definition.name)
  const { privateKey, publicKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true })
  const privateJwk: JWK = await exportJWK(privateKey)
  process.env['LOG_LEVEL'] ??= 'fatal'
  const running = await runSubgraph(definition, {
    port: 0, host: '127.0.0.1', databaseUrl: database.url, natsUrl: broker?.url ?? '', seed, background,
    actorPublicJwk: JSON.stringify(await exportJWK(publicKey)),
  })
  const sqlClient = new pg.Client({ connectionString: database.url })
  await sqlClient.connect()
  let publisher: Broker | undefined

  after(async () => {
    await publisher?.connection.close()
    await running.stop()
    await sqlClient.end()
    await database.drop()
    await broker?.stop()
    await server.stop()
  })

  const headersFor = async (actor: Actor): Promise<Record<string, string>> =>
    actor === anonymous ? {} : { 'x-actor': await signActor(actor, privateJwk, Math.floor(Date.now() / 1000) + 300) }
  const graph: SubgraphUnderTest['graph'] = async (actor, query, variables = {}) => {
    const response = await fetch(running.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(await headersFor(actor)) },
      body: JSON.stringify({ query, variables }),
    })
    return (await response.json()) as Answer
  }
  const send = async <Type extends EventType>(type: Type, subject: string, data: EventMap[Type], id: string, messageId: string): Promise<void> => {
    checkEvent(type, data)
    if (!broker) throw new Error('publishing needs { background: true }')
    publisher ??= await connectBroker(broker.url, 'test')
    const event: CloudEvent = {
      specversion: '1.0', id, source: '/test', type, subject, time: new Date().toISOString(), datacontenttype: 'application/json',
      actor: 'system:test', actorrole: 'system', correlationid: newId(), data,
    }
    await publisher.jetstream.publish(subjectOf(type, subject), JSON.stringify(event), { msgID: messageId })
  }
  return {
    running,
    url: running.url,
    databaseUrl: database.url,
    graph,
    headersFor,
    async data(actor, query, variables) {
      const answer = await graph(actor, query, variables)
      if (answer.errors) throw new Error(`unexpected errors: ${JSON.stringify(answer.errors)}`)
      return answer.data
    },
    broker: broker as ScratchBroker,
    async republish(type, subject, data, id) {
      await send(type, subject, data, id, newId())
    },
    async publish(type, subject, data, id = newId()) {
      await send(type, subject, data, id, id)
      return id
    },
    async emitted<Type extends EventType>(type: Type) {
      const { rows } = await sqlClient.query('select data from outbox where type = $1 order by position', [type])
      return rows.map((row: { data: EventMap[Type] }) => row.data)
    },
    async countSql(work) {
      const logger = running.orm.config.getLogger()
      const original = logger.logQuery
      let statements = 0
      logger.logQuery = (context) => {
        statements++
        original.call(logger, context)
      }
      try {
        await work()
      } finally {
        logger.logQuery = original
      }
      return statements
    },
    async sql<Row>(text: string, params: unknown[] = []) {
      return (await sqlClient.query(text, params)).rows as Row[]
    },
  }
}

/** Asks until `read` gives something (not undefined, null or false); fails with the last answer after the deadline. */
export async function eventually<T>(read: () => Promise<T | undefined | null | false> | T | undefined | null | false, { within = 10_000, what = 'the condition' } = {}): Promise<T> {
  const deadline = Date.now() + within
  for (;;) {
    const value = await read()
    if (value) return value
    if (Date.now() > deadline) throw new Error(`${what} did not come true within ${within} ms; last answer: ${JSON.stringify(value)}`)
    await new Promise((done) => setTimeout(done, 25))
  }
}
