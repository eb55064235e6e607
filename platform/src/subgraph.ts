/** One subgraph process: database, consumers, jobs, routes and the GraphQL server, started and stopped in order. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { ApolloServer, HeaderMap, type BaseContext } from '@apollo/server'
import { buildSubgraphSchema } from '@apollo/subgraph'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { GraphQLError, parse, type GraphQLFormattedError, type GraphQLSchema } from 'graphql'
import { DateTimeResolver, JSONResolver, LocalDateResolver } from 'graphql-scalars'
import { Gauge, Histogram, type Registry } from 'prom-client'
import { Accesses, idsIn, idsWithin, openAccessLog, watchAccesses, withAccesses, type AccessLog } from './accesses.ts'
import { actorHeader, actorVerifier, operationHeader, type Actor } from './actor.ts'
import { clock } from './clock.ts'
import { integerSetting, setting } from './config.ts'
import { startConsumers, type Consumer } from './consumers.ts'
import { AppError } from './errors.ts'
import { newId } from './ids.ts'
import { startJobs, type JobWithServices } from './jobs.ts'
import { connectBroker, streamName, type Broker } from './nats.ts'
import { migrate, openDatabase, transact, type EntityList, type EntityManager, type Orm } from './orm.ts'
import { answerProblems } from './problems.ts'
import { startRelay } from './relay.ts'
import { mayNotBeStorable, notStorableAt } from './storable.ts'
import { withRequestContext } from './request-context.ts'
import { createLogger, createMetrics, type Logger } from './telemetry.ts'
import { startTracing, type Tracer } from './tracing.ts'

/** What a resolver gets. `em` is this request's own; writes go through `transact`. */
export type SubgraphContext<Loaders = unknown, Services = unknown> = {
  readonly em: EntityManager
  readonly actor: Actor
  readonly loaders: Loaders
  readonly services: Services
  readonly now: Date
  /** One transaction on a fresh entity manager, repeated on version conflicts. */
  transact<T>(work: (em: EntityManager) => Promise<T>): Promise<T>
}

/** What a raw HTTP route gets: the body exactly as it came. */
export type RouteTools<Services> = {
  body: Buffer
  headers: Record<string, string | string[] | undefined>
  params: Record<string, string>
  /** The first value of each, where one is given more than once. */
  query: Record<string, string>
  /** Set when the gateway vouched for a caller. */
  actor: Actor | undefined
  services: Services
  orm: Orm
  logger: Logger
  transact<T>(work: (em: EntityManager) => Promise<T>): Promise<T>
}
export type RouteAnswer = { status: number; body?: string | object; contentType?: string; headers?: Record<string, string> }
export type Route<Services> = { method: 'GET' | 'POST' | 'PUT'; path: string; run(tools: RouteTools<Services>): Promise<RouteAnswer> }

/** The table of contents of a subgraph. */
export type SubgraphDefinition<Loaders, Services> = {
  name: string
  /** Absolute folder of the subgraph; migrations/ lies in it. */
  folder: string
  /** SDL text; by default schema/subgraphs/<name>.graphql. */
  sdl?: string
  entities: EntityList
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  resolvers: any
  loaders(em: EntityManager, actor: Actor, services: Services): Loaders
  /** Ports to the outside world, made once. */
  services(logger: Logger, metrics: Registry): Services | Promise<Services>
  consumers?: readonly Consumer<Services>[]
  jobs?: readonly JobWithServices<NoInfer<Services>>[]
  routes?: readonly Route<Services>[]
  /** Demo data, run once after migrations when SEED=demo; must be harmless when run again. */
  seed?(tools: { orm: Orm; services: Services; logger: Logger; transact<T>(work: (em: EntityManager) => Promise<T>): Promise<T> }): Promise<void>
}

export type SubgraphOptions = {
  port: number
  host: string
  databaseUrl: string
  natsUrl: string
  actorPublicJwk: string
  seed: boolean
  /** The event relay, consumers and jobs; off for tests of the graph alone. */
  background: boolean
}

export type RunningSubgraph = { url: string; orm: Orm; broker: Broker | undefined; schema: GraphQLSchema; stop(): Promise<void> }

export const defineSubgraph = <Loaders, Services>(definition: SubgraphDefinition<Loaders, Services>): SubgraphDefinition<Loaders, Services> => definition

const scalars = { DateTime: DateTimeResolver, LocalDate: LocalDateResolver, JSON: JSONResolver }

export function subgraphSchema(definition: Pick<SubgraphDefinition<unknown, unknown>, 'name' | 'resolvers' | 'sdl'>): GraphQLSchema {
  const sdl = definition.sdl ?? readFileSync(resolve(import.meta.dirname, `../../schema/subgraphs/${definition.name}.graphql`), 'utf8')
  const typeDefs = parse(sdl)
  const declared = new Set(typeDefs.definitions.filter((node) => node.kind === 'ScalarTypeDefinition').map((node) => node.name.value))
  const known = Object.fromEntries(Object.entries(scalars).filter(([name]) => declared.has(name)))
  const schema = buildSubgraphSchema([{ typeDefs, resolvers: { ...known, ...definition.resolvers } }])
  answerProblems(schema)
  watchAccesses(schema)
  return schema
}

/** Starts a subgraph from the environment and stops it on SIGTERM or SIGINT: the one side effect of main.ts. */
export async function startSubgraph<Loaders, Services>(definition: SubgraphDefinition<Loaders, Services>): Promise<void> {
  const running = await runSubgraph(definition, {
    port: integerSetting('PORT', 0),
    host: setting('HOST', '127.0.0.1'),
    databaseUrl: setting('DATABASE_URL'),
    natsUrl: setting('NATS_URL'),
    actorPublicJwk: setting('ACTOR_PUBLIC_JWK'),
    seed: setting('SEED', 'none') === 'demo',
    background: true,
  })
  process.stdout.write(`${JSON.stringify({ ready: definition.name, url: running.url })}\n`)
  let stopping = false
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (stopping) return
      stopping = true
      void running.stop().finally(() => process.exit(0))
    })
  }
}

/** Starts a subgraph in this process; tests use it with port 0. */
export async function runSubgraph<Loaders, Services>(
  definition: SubgraphDefinition<Loaders, Services>, options: SubgraphOptions,
): Promise<RunningSubgraph> {
  const { name } = definition
  const logger = createLogger(name)
  const metrics = createMetrics(name)
  const tracer = await startTracing(name)
  const orm = await openDatabase({
    url: options.databaseUrl, entities: definition.entities, migrations: resolve(definition.folder, 'migrations'), poolSize: integerSetting('DATABASE_POOL_SIZE', 10),
  }, tracer)
  await migrate(orm)
  const services = await definition.services(logger, metrics)
  const tools = { orm, services, logger, transact: <T>(work: (em: EntityManager) => Promise<T>) => transact(orm, work) }
  if (options.seed) await withRequestContext({ correlationId: newId() }, async () => definition.seed?.(tools))

  const schema = subgraphSchema(definition as never)
  const apollo = new ApolloServer<BaseContext>({
    schema,
    introspection: true,
    csrfPrevention: false, // only the gateway calls, with an actor token no browser has
    includeStacktraceInErrorResponses: false,
    formatError: (formatted, error) => formatError(formatted, error, logger),
    stopOnTerminationSignals: false,
    logger: { debug: () => {}, info: () => {}, warn: (text: string) => logger.warn(text), error: (text: string) => logger.error(text) },
  })
  await apollo.start()

  const accessLog = openAccessLog(options.databaseUrl)
  const verifyActor = actorVerifier(JSON.parse(options.actorPublicJwk))
  const http = fastify({ bodyLimit: 10 * 1024 * 1024, forceCloseConnections: true, keepAliveTimeout: 65_000 })
  http.removeAllContentTypeParsers()
  http.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))

  let broker: Broker | undefined
  let draining = false
  http.get('/health', async () => ({ status: 'up', service: name }))
  http.get('/ready', async (_request, reply) => {
    const database = await orm.em.fork().execute('select 1').then(() => true, () => false)
    const ready = database && !draining && (!options.background || broker?.connection.isClosed() === false)
    return reply.status(ready ? 200 : 503).send({ status: ready ? 'ready' : 'not ready', service: name, database })
  })
  http.get('/metrics', async (_request, reply) => reply.type(metrics.contentType).send(await metrics.metrics()))
  http.post('/graphql', async (request, reply) => {
    const actor = await verifyActor(header(request, actorHeader)).catch((error: AppError) => error)
    if (actor instanceof AppError) {
      return reply.status(401).send({ errors: [{ message: actor.message, extensions: { code: actor.code } }] })
    }
    const accesses = new Accesses()
    const makeContext = (): object => {
      const em = orm.em.fork()
      return withAccesses({ em, actor, services, now: clock.now(), transact: tools.transact, loaders: definition.loaders(em, actor, services) } satisfies SubgraphContext<Loaders, Services>, accesses)
    }
    return withRequestContext(traceOf(request), () => tracer.span('POST /graphql', { kind: 'server' }, async () => {
      const answer = await executeGraphQL(apollo, request, makeContext)
      try {
        await accessLog.keep(actor, operationOf(request), accesses)
      } catch (error) {
        logger.error({ err: error }, 'an access to health information could not be noted, so it is not answered')
        return reply.status(500).send({ errors: [{ message: 'something went wrong on our side', extensions: { code: 'INTERNAL' } }] })
      }
      return reply.headers(answer.headers).status(answer.status).send(answer.body)
    }))
  })
  for (const route of definition.routes ?? []) addRoute(http, route, tools, verifyActor, tracer, accessLog)

  const count = async (sql: string): Promise<number> => (await orm.em.fork().execute<{ n: number }[]>(sql))[0]?.n ?? 0
  new Gauge({
    name: 'outbox_unpublished', help: 'Events that wait to be published', registers: [metrics],
    async collect() {
      this.set(await count('select count(*)::int as n from outbox where published_at is null'))
    },
  })
  new Gauge({
    name: 'dead_letters', help: 'Events given up that a person has not replayed', registers: [metrics],
    async collect() {
      this.set(await count('select count(*)::int as n from dead_letter where replayed_at is null'))
    },
  })

  const url = await http.listen({ port: options.port, host: options.host })
  const stoppers: (() => Promise<void>)[] = []
  if (options.background) {
    broker = await connectBroker(options.natsUrl, name)
    const relay = startRelay(name, orm, options.databaseUrl, broker, logger, tracer)
    const delays = new Histogram({ name: 'consumer_delay_seconds', help: 'From an event to its being handled', labelNames: ['consumer'], buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300], registers: [metrics] })
    const consumers = await startConsumers(name, definition.consumers ?? [], services, orm, broker, logger, tracer, (consumer, seconds) => delays.observe({ consumer }, seconds))
    const { manager } = broker
    new Gauge({
      name: 'consumer_pending', help: 'Events that wait to be handled', labelNames: ['consumer'], registers: [metrics],
      async collect() {
        // without the broker nobody knows: the last figure stands
        const infos = await Promise.all(consumers.names.map((consumer) => manager.consumers.info(streamName, consumer))).catch(() => [])
        for (const { name: consumer, num_pending: waiting, num_ack_pending: underWay } of infos) this.set({ consumer }, waiting + underWay)
      },
    })
    const jobs = startJobs(name, definition.jobs ?? [], services, orm, logger)
    stoppers.push(() => jobs.stop(), () => consumers.stop(), () => relay.stop(), async () => void (await broker?.connection.close()))
  }

  return {
    url: `${url}/graphql`,
    orm,
    broker,
    schema,
    async stop() {
      draining = true
      await http.close()
      for (const stop of stoppers) await stop()
      await apollo.stop()
      await accessLog.stop()
      await orm.close(true)
      await tracer.stop()
    },
  }
}

const header = (request: FastifyRequest, name: string): string | undefined => {
  const value = request.headers[name]
  return Array.isArray(value) ? value[0] : value
}

function traceOf(request: FastifyRequest) {
  const traceparent = header(request, 'traceparent')
  return { correlationId: header(request, 'x-correlation-id') ?? newId(), ...(traceparent ? { traceparent } : {}) }
}

/** The operation as the gateway names it; another gateway may not. */
function operationOf(request: FastifyRequest): string {
  const name = header(request, operationHeader)
  return name !== undefined && /^[\w ]{1,100}$/.test(name) ? name : 'ad hoc'
}

type Answered = { status: number; headers: Record<string, string>; body: string }

async function executeGraphQL(apollo: ApolloServer<BaseContext>, request: FastifyRequest, makeContext: () => object): Promise<Answered> {
  const sent = (request.body as Buffer | undefined)?.toString() ?? ''
  const refused = (status: number, message: string, extensions: object): Answered => ({ status, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ errors: [{ message, extensions }] }) })
  let body: unknown
  try {
    body = JSON.parse(sent)
  } catch {
    return refused(400, 'the body is not JSON', { code: 'BAD_REQUEST' })
  }
  if (mayNotBeStorable(sent)) {
    const { query, variables } = (body ?? {}) as { query?: unknown; variables?: unknown }
    const field = notStorableAt(variables, 'variables') ?? (/\\u(?:0000|\{0+\})/.test(String(query)) ? 'query' : undefined)
    if (field) return refused(200, 'a text holds a NUL character, or half of a character, which cannot be kept', { code: 'INVALID_INPUT', field })
  }
  const headers = new HeaderMap()
  for (const [key, value] of Object.entries(request.headers)) if (value !== undefined) headers.set(key, Array.isArray(value) ? value.join(', ') : value)
  const response = await apollo.executeHTTPGraphQLRequest({
    httpGraphQLRequest: { method: 'POST', headers, search: '', body },
    context: async () => makeContext(),
  })
  const answered = { status: response.status ?? 200, headers: Object.fromEntries(response.headers) }
  if (response.body.kind === 'complete') return { ...answered, body: response.body.string }
  let text = ''
  for await (const chunk of response.body.asyncIterator) text += chunk
  return { ...answered, body: text }
}

/** Known refusals keep code and sentence; anything else becomes INTERNAL without its text, which may hold data. */
function formatError(formatted: GraphQLFormattedError, thrown: unknown, logger: Logger): GraphQLFormattedError {
  const original = thrown instanceof GraphQLError ? (thrown.originalError ?? thrown) : thrown
  if (original instanceof AppError) {
    if (original.row.log === 'error') logger.error({ err: original, path: formatted.path }, 'request failed')
    return { ...formatted, message: original.message, extensions: { ...original.details, code: original.code } }
  }
  if (original instanceof GraphQLError) return formatted
  logger.error({ err: original, path: formatted.path }, 'request failed')
  return { ...formatted, message: 'something went wrong on our side', extensions: { code: 'INTERNAL' } }
}

function addRoute<Services>(
  http: FastifyInstance, route: Route<Services>, tools: Pick<RouteTools<Services>, 'orm' | 'services' | 'logger' | 'transact'>,
  verifyActor: (token: string | undefined) => Promise<Actor>, tracer: Tracer, accessLog: AccessLog,
): void {
  http.route({
    method: route.method,
    url: route.path,
    handler: (request, reply) =>
      withRequestContext(traceOf(request), () => tracer.span(`${route.method} ${route.path}`, { kind: 'server' }, async () => {
        let actor: Actor | undefined
        /** What a person reads over a route is noted as what they read over the graph is. */
        const noteReading = async (status: number, body: unknown): Promise<void> => {
          if (!actor || route.method !== 'GET') return
          const accesses = new Accesses()
          // bytes, such as a picture, name nothing: what was asked for names them
          const ids = Buffer.isBuffer(body) ? idsIn(request.params) : idsWithin(typeof body === 'string' ? body : JSON.stringify(body ?? ''))
          if (status < 400) for (const id of ids) accesses.show(route.path, { id })
          else if ([401, 403, 404].includes(status)) accesses.refuse(route.path, idsIn([request.params, request.query]))
          await accessLog.keep(actor, `GET ${route.path}`, accesses)
        }
        try {
          const token = header(request, actorHeader)
          actor = token ? await verifyActor(token) : undefined
          const answer = await route.run({
            ...tools,
            body: (request.body as Buffer | undefined) ?? Buffer.alloc(0),
            headers: request.headers,
            params: request.params as Record<string, string>,
            query: Object.fromEntries(Object.entries(request.query as Record<string, string | string[]>).map(([name, value]) => [name, Array.isArray(value) ? value[0]! : value])),
            actor,
          })
          await noteReading(answer.status, answer.body)
          if (answer.headers) reply.headers(answer.headers)
          if (answer.contentType) reply.type(answer.contentType)
          return await reply.status(answer.status).send(answer.body ?? '')
        } catch (error) {
          const known = error instanceof AppError ? error : new AppError('INTERNAL', 'something went wrong on our side')
          tools.logger[known.row.log]({ err: error, route: route.path }, 'route refused')
          await noteReading(known.row.http, undefined)
          return reply.status(known.row.http).send({ code: known.code, message: known.message })
        }
      })),
  })
}
