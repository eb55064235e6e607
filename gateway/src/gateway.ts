/** The gateway: one graph in front of the subgraphs, over HTTP and WebSocket. Started and stopped in order. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { JWK } from 'jose'
import { Counter, Gauge, Histogram } from 'prom-client'
import { AppError } from '@pharmagraph/platform/errors.ts'
import { connectBroker } from '@pharmagraph/platform/nats.ts'
import { withRequestContext } from '@pharmagraph/platform/request-context.ts'
import { createLogger, createMetrics } from '@pharmagraph/platform/telemetry.ts'
import { startTracing } from '@pharmagraph/platform/tracing.ts'
import { continueTrace, createCallers, newCorrelationId } from './callers.ts'
import { connectSubgraphs } from './execution/subgraphs.ts'
import { startApollo } from './http/apollo.ts'
import { allowOrigin } from './http/cors.ts'
import { send, sendJson, sendRefusal, type Exchange, type Handler } from './http/exchange.ts'
import { explorerRoutes, explorerPage } from './http/explorer.ts'
import { graphqlHandler, readParameters } from './http/graphql.ts'
import { passthroughRoutes } from './http/passthrough.ts'
import { restRoutes } from './http/rest.ts'
import { createRouter, type Route } from './http/router.ts'
import { webAppRoutes } from './http/web-app.ts'
import { createRateLimits, type Rates } from './identity/rate-limits.ts'
import { connectPeers } from './identity/peers.ts'
import { createRefusalNotes } from './identity/refusals.ts'
import { createRevocations, followRevocations } from './identity/revocations.ts'
import { createSessions, type Session } from './identity/sessions.ts'
import { readManifest } from './operations/manifest.ts'
import { PersistedOperations } from './operations/persisted.ts'
import { Completions } from './subscriptions/completions.ts'
import { createCursors } from './subscriptions/cursors.ts'
import { Feed } from './subscriptions/feed.ts'
import { serveHttpStreams, serverSentEvents } from './subscriptions/http-streams.ts'
import { serveWebSockets } from './subscriptions/websocket.ts'
import type { Unauthorized } from './supergraph/graph.ts'
import { createSharing } from './operations/sharing.ts'
import type { PlanningOptions } from './supergraph/planning.ts'
import { watchGraph } from './supergraph/watch.ts'

export type GatewayOptions = {
  readonly port: number
  readonly host: string
  readonly issuer: string
  readonly audience: string
  readonly natsUrl: string
  /** Ed25519 private key that signs the actor for the subgraphs. */
  readonly actorPrivateJwk: JWK
  readonly supergraphFile: string
  readonly operationsFolder: string
  /** GraphQL address of a service, where it differs from the supergraph's. */
  readonly addressOf: (service: string) => string | undefined
  /** Any secret shared by all gateways; without it one is derived from the signing key. */
  readonly cursorKey?: string | undefined
  readonly introspection: boolean
  /** By default 'null': what is not the caller's is null with an error, and the rest is answered. */
  readonly unauthorized?: Unauthorized
  /** Origins of other sites whose pages may call; pages of this machine always may. */
  readonly corsOrigins: readonly string[]
  /** Undefined: as many as come. */
  readonly rates?: Rates
  /** Of operations in clients' own words; see supergraph/planning.ts. */
  readonly planning?: PlanningOptions
  /** Labels of `@override` that are on, besides those that go by a share of the callers. */
  readonly overrideLabels?: readonly string[]
  /** Reads of one operation on one connection to a subgraph at a time; 8 unless told. */
  readonly pipelining?: number
  /** The same public read asked for again while it is under way gets the same answer. */
  readonly shareReads?: boolean
  readonly queueLimit?: number
  /** Events kept in memory for clients that were away; 4,096 by default. */
  readonly recentEvents?: number
  readonly pingInterval?: number
  readonly drainMs?: number
  /** An operation that takes longer is logged; 1,000 by default. */
  readonly slowOperationMs?: number
}

export type RunningGateway = {
  readonly url: string
  readonly port: number
  /** Reads the supergraph file again. */
  reload(): Promise<void>
  /** Subscriptions held, and event filters in the index: both 0 when everybody has left. */
  live(): { subscribers: number; watchers: number; position: number; following: boolean }
  /** Threads that plan operations in clients' own words. */
  planningThreads(): number
  /** Ends connections in peace: new ones are refused, running requests finish, subscribers are sent away one by one. */
  stop(): Promise<void>
}

export async function startGateway(options: GatewayOptions): Promise<RunningGateway> {
  const logger = createLogger('gateway')
  const registry = createMetrics('gateway')
  const tracer = await startTracing('gateway')
  const requests = new Histogram({ name: 'gateway_request_seconds', help: 'HTTP requests by route and status', labelNames: ['route', 'status'], buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5], registers: [registry] })
  const fetches = new Histogram({ name: 'gateway_subgraph_seconds', help: 'Requests to subgraphs by outcome', labelNames: ['subgraph', 'outcome'], buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5], registers: [registry] })
  const subscribers = new Gauge({ name: 'gateway_subscribers', help: 'Subscriptions held', registers: [registry] })
  const reloads = new Counter({ name: 'gateway_reloads_total', help: 'Supergraphs that took over', registers: [registry] })
  let subscriberCount = 0

  const graph = await watchGraph(options.supergraphFile, logger, options)
  const manifest = readManifest(options.operationsFolder)
  const persisted = new PersistedOperations(manifest, graph.current)
  await graph.warmWith(persisted)
  graph.onChange(() => reloads.inc())
  const subgraphs = connectSubgraphs((name) => options.addressOf(name) ?? graph.current().graph.subgraphs.find((subgraph) => subgraph.name === name)?.url, fetches, options.pipelining)
  const revocations = createRevocations()
  const sessions = createSessions({ issuer: options.issuer, audience: options.audience, signingKey: options.actorPrivateJwk, revocations })
  const peers = connectPeers(() => connectBroker(options.natsUrl, 'gateway-peers'), logger)
  const admit = options.rates ? createRateLimits(options.rates, peers) : async () => undefined
  const callers = createCallers(sessions, subgraphs, { registry, logger, tracer, slowMs: options.slowOperationMs ?? 1_000, noteRefusals: createRefusalNotes(peers) })
  const apollo = await startApollo(graph, callers, options.introspection, logger)
  const feed = new Feed(() => connectBroker(options.natsUrl, 'gateway'), logger, options.recentEvents)
  graph.onChange(({ graph: { live } }) => feed.follow([...live.values()].flatMap(({ events }) => events)))
  const cursors = createCursors(options.cursorKey ?? JSON.stringify(options.actorPrivateJwk.d))
  const completions = new Completions(cursors)
  let draining = false

  const live = {
    persisted, callers, feed, cursors, completions,
    operations: graph.current,
    onGraph: graph.onChange,
    queueLimit: options.queueLimit ?? 256,
    onSubscribers: (change: 1 | -1) => {
      subscriberCount += change
      subscribers.set(subscriberCount)
    },
  }
  const streams = serveHttpStreams(live)
  const stream: Handler = async (exchange) => {
    const session = await sessions.open(exchange.request.headers.authorization)
    await admit(session, exchange.request.socket.remoteAddress)
    await streams.serve(exchange, session, await readParameters(exchange), serverSentEvents)
  }
  const graphql = graphqlHandler({ callers, persisted, operations: graph.current, share: options.shareReads ? createSharing() : undefined, apollo, streams, admit, explorer: explorerPage })
  const routes: Route[] = [
    { method: 'POST', path: '/graphql', handle: graphql },
    { method: 'GET', path: '/graphql', handle: graphql },
    { method: 'POST', path: '/graphql/stream', handle: stream },
    { method: 'GET', path: '/graphql/stream', handle: stream },
    { method: 'GET', path: '/health', handle: async ({ response }) => sendJson(response, 200, { status: 'ok' }) },
    {
      method: 'GET', path: '/ready',
      handle: async ({ response }) => {
        const ready = !draining && feed.following && withdrawn.known
        sendJson(response, ready ? 200 : 503, { status: draining ? 'draining' : ready ? 'ready' : feed.following ? 'waiting for what access was withdrawn' : 'waiting for the event stream', supergraph: graph.current().graph.version })
      },
    },
    { method: 'GET', path: '/metrics', handle: async ({ response }) => send(response, 200, await registry.metrics(), { 'content-type': registry.contentType }) },
    ...explorerRoutes(),
    ...webAppRoutes(options.issuer, manifest),
    ...restRoutes(callers, persisted, admit, () => graph.current().graph),
    ...passthroughRoutes(callers, subgraphs, admit),
  ]
  const find = createRouter(routes)

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const started = process.hrtime.bigint()
    const given = request.headers['x-correlation-id']
    const correlationId = typeof given === 'string' && /^[\w.:-]{8,100}$/.test(given) ? given : newCorrelationId()
    const incoming = request.headers.traceparent as string | undefined
    const continued = continueTrace(incoming)
    response.setHeader('x-correlation-id', correlationId)
    let name = 'unknown'
    await withRequestContext(tracer.recording ? { correlationId } : { correlationId, traceparent: continued }, async () => {
      try {
        if (allowOrigin(request, response, options.corsOrigins)) return
        const url = new URL(request.url ?? '/', 'http://gateway')
        const { route, params } = find(request.method === 'HEAD' ? 'GET' : (request.method ?? 'GET'), url.pathname)
        name = route.path
        const handle = (traceparent = continued): Promise<void> => route.handle({ request, response, url, params, correlationId, traceparent } satisfies Exchange)
        await (probes.has(name) ? handle() : tracer.span(`${request.method} ${name}`, { kind: 'server', parent: incoming, attributes: { 'http.route': name } }, handle))
      } catch (error) {
        if (!(error instanceof AppError)) logger.error({ route: name, problem: (error as Error).stack }, 'a request failed')
        sendRefusal(response, error instanceof AppError ? error : new AppError('INTERNAL', 'the gateway failed'))
      }
      const seconds = Number(process.hrtime.bigint() - started) / 1e9
      requests.observe({ route: name, status: response.statusCode }, seconds)
      if (logger.isLevelEnabled('debug')) logger.debug({ route: name, status: response.statusCode, ms: Math.round(seconds * 1000) }, 'request')
    })
  }

  const server = createServer({ keepAliveTimeout: 65_000, requestTimeout: 30_000, maxHeaderSize: 32 * 1024 }, (request, response) => void answer(request, response))
  const sockets = serveWebSockets({ ...live, server, logger, admit, pingInterval: options.pingInterval ?? 15_000 })
  const isWithdrawn = ({ actor, issuedAt }: Session): boolean => revocations.ended(actor.subject, issuedAt)
  const withdrawn = followRevocations(peers, revocations, () => {
    sockets.revoke(isWithdrawn)
    streams.revoke(isWithdrawn)
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(options.port, options.host, resolve))
  const { port } = server.address() as AddressInfo
  logger.info({ port, supergraph: graph.current().graph.version }, 'the gateway listens')

  return {
    url: `http://${options.host === '0.0.0.0' ? '127.0.0.1' : options.host}:${port}/graphql`,
    port,
    reload: graph.reload,
    live: () => ({ subscribers: subscriberCount, watchers: feed.watchers, position: feed.position, following: feed.following }),
    planningThreads: graph.threads,
    async stop() {
      draining = true
      const drainMs = options.drainMs ?? 2_000
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      // a connection whose last answer is out is kept alive by its client, not by us
      const sweep = setInterval(() => server.closeIdleConnections(), 50)
      await Promise.all([sockets.drain(drainMs), streams.drain(drainMs)])
      // running requests have this long to end
      const cut = setTimeout(() => server.closeAllConnections(), 10_000)
      await closed
      clearInterval(sweep)
      clearTimeout(cut)
      await Promise.all([apollo.stop(), graph.close()])
      await Promise.all([feed.close(), peers.close()])
      await subgraphs.close()
      await tracer.stop()
    },
  }
}

/** Asked every few seconds by machines: their traces would be most of all traces. */
const probes: ReadonlySet<string> = new Set(['/health', '/ready', '/metrics'])
