/** graphql-ws on /graphql: subscriptions, and queries and mutations for clients that keep one connection. */
import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { GraphQLError, type ExecutionArgs } from 'graphql'
import { CloseCode, type Context } from 'graphql-ws'
import { useServer, type Extra as SocketExtra } from 'graphql-ws/use/ws'
import { WebSocketServer, type WebSocket } from 'ws'
import { AppError } from '@pharmagraph/platform/errors.ts'
import { newId } from '@pharmagraph/platform/ids.ts'
import type { Logger } from '@pharmagraph/platform/telemetry.ts'
import { continueTrace, type Callers, type Trace } from '../callers.ts'
import type { Admit } from '../identity/rate-limits.ts'
import type { Session } from '../identity/sessions.ts'
import { graphqlErrors } from '../operations/graphql-errors.ts'
import type { Operations, Prepared } from '../operations/operations.ts'
import type { PersistedOperations } from '../operations/persisted.ts'
import type { Completions } from './completions.ts'
import type { Cursors } from './cursors.ts'
import type { Feed } from './feed.ts'
import { Subscriber, type Push } from './subscriber.ts'

/** Beyond those of graphql-ws; its client treats them, like 4403, as worth trying again. */
export const closeCodes = {
  /** The access token ended: connect again with a new one. */
  tokenExpired: CloseCode.Forbidden,
  /** A lossless stream could not wait longer: resume with `after: <last cursor>`. */
  slowConsumer: 4413,
  /** WebSocket's own: the service restarts. */
  restart: 1012,
} as const

const maxOperationsPerSocket = 100
/** Until a connection must have said who it is: long enough for thousands that come at the same time. */
const initPatienceMs = 15_000
const maxMessageBytes = 256 * 1024

type Connection = Trace & { session: Session; expiry?: NodeJS.Timeout | undefined }
type Ctx = Context<Record<string, unknown> | undefined, SocketExtra>

export type WebSocketOptions = {
  readonly server: Server
  readonly operations: () => Operations
  readonly onGraph: (callback: () => void) => () => void
  readonly persisted: PersistedOperations
  readonly callers: Callers
  readonly feed: Feed
  readonly cursors: Cursors
  readonly completions: Completions
  readonly logger: Logger
  readonly queueLimit: number
  /** Milliseconds between server pings; a client that does not answer the last one is dropped. */
  readonly pingInterval: number
  readonly onSubscribers: (change: 1 | -1) => void
  readonly admit: Admit
}

export type WebSockets = {
  /** Asks all clients to connect again, spread over `windowMs`. */
  drain(windowMs: number): Promise<void>
  /** Closes the connections of sessions that were withdrawn. */
  revoke(withdrawn: (session: Session) => boolean): void
}

export function serveWebSockets(options: WebSocketOptions): WebSockets {
  const { server, callers, persisted, operations, feed, cursors, completions, logger } = options
  const sockets = new WebSocketServer({ noServer: true, maxPayload: maxMessageBytes })
  const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const { pathname } = new URL(request.url ?? '/', 'http://gateway')
    if (pathname !== '/graphql') return void socket.end('HTTP/1.1 404 Not Found\r\nconnection: close\r\n\r\n')
    sockets.handleUpgrade(request, socket, head, (client) => sockets.emit('connection', client, request))
  }
  server.on('upgrade', onUpgrade)

  const connections = new Map<WebSocket, Connection>()
  const connectionOf = ({ extra }: Ctx): Connection => {
    const connection = connections.get(extra.socket)
    if (!connection) throw new AppError('UNAUTHENTICATED', 'the connection is closed')
    return connection
  }

  const holdUntilExpiry = (socket: WebSocket, connection: Connection): void => {
    clearTimeout(connection.expiry)
    const { expiresAt } = connection.session
    if (expiresAt === undefined) return
    // a timer holds at most 24.8 days; whoever stays that long connects again
    const wait = Math.min(expiresAt * 1000 - Date.now(), 2 ** 31 - 1)
    connection.expiry = setTimeout(() => closeSoon(socket, closeCodes.tokenExpired, 'TOKEN_EXPIRED'), wait)
    connection.expiry.unref()
  }

  useServer<Record<string, unknown> | undefined>(
    {
      connectionInitWaitTimeout: initPatienceMs,
      async onConnect({ extra: { socket, request }, connectionParams }) {
        const authorization = connectionParams?.['authorization'] ?? connectionParams?.['Authorization']
        try {
          const session = await callers.sessions.open(typeof authorization === 'string' ? authorization : undefined)
          const connection: Connection = { session, correlationId: newId(), traceparent: continueTrace(String(request.headers['traceparent'])) }
          connections.set(socket, connection)
          holdUntilExpiry(socket, connection)
          return { correlationId: connection.correlationId }
        } catch (error) {
          refuseSocket(socket, error)
          return false
        }
      },
      /** A ping with a new access token of the same person keeps the connection beyond the old one's end. */
      async onPing(ctx, payload) {
        const authorization = payload?.['authorization']
        if (typeof authorization !== 'string' || !ctx.acknowledged) return
        const connection = connectionOf(ctx)
        try {
          const session = await callers.sessions.open(authorization)
          if (session.actor.subject !== connection.session.actor.subject) throw new AppError('FORBIDDEN', 'a refreshed token must be of the same person')
          connection.session = session
          holdUntilExpiry(ctx.extra.socket, connection)
        } catch (error) {
          refuseSocket(ctx.extra.socket, error)
        }
      },
      onClose({ extra: { socket } }) {
        clearTimeout(connections.get(socket)?.expiry)
        connections.delete(socket)
      },
      async onSubscribe(ctx, id, payload): Promise<ExecutionArgs | GraphQLError[]> {
        if (Object.keys(ctx.subscriptions).length > maxOperationsPerSocket) {
          return [new GraphQLError(`one connection may hold ${maxOperationsPerSocket} operations`, { extensions: { code: 'TOO_MANY_OPERATIONS' } })]
        }
        try {
          const { operationName, extensions, variables, query } = payload
          const { session } = connectionOf(ctx)
          await options.admit(session, ctx.extra.request.socket.remoteAddress)
          const prepare = (): Prepared =>
            persisted.find({ query, ...(extensions && { extensions }) }, session.actor) ?? operations().fromClient(query, operationName ?? undefined)
          const { document, name } = prepare()
          return {
            schema: operations().graph.schema,
            document,
            ...(name !== undefined && { operationName: name }),
            variableValues: variables ?? {},
            contextValue: { ctx, id, prepare } satisfies Asked,
          }
        } catch (error) {
          return graphqlErrors(error)
        }
      },
      async execute(args) {
        const { ctx, prepare } = args.contextValue as Asked
        const connection = connectionOf(ctx)
        const prepared = prepare()
        return callers.run(connection.session, connection, prepared, args.variableValues, (caller) => prepared.execute(caller, args.variableValues ?? undefined)).catch((error: unknown) => ({ errors: graphqlErrors(error) }))
      },
      subscribe(args) {
        const { ctx, id, prepare } = args.contextValue as Asked
        const connection = connectionOf(ctx)
        options.onSubscribers(1)
        return ended(new Subscriber({
          feed, cursors, completions, callers, operations, onGraph: options.onGraph,
          prepared: prepare,
          session: () => connection.session,
          variables: args.variableValues ?? undefined,
          trace: connection,
          push: pushTo(ctx.extra.socket, id),
          queueLimit: options.queueLimit,
          onOverflow: () => closeSoon(ctx.extra.socket, closeCodes.slowConsumer, 'SLOW_CONSUMER: resume with the last cursor'),
          onEnd: () => options.onSubscribers(-1),
        }))
      },
      onError(_ctx, _id, _payload, errors) {
        for (const { extensions, originalError } of errors) {
          // a fault of ours, not a refusal: its text stays here
          if (extensions['code'] === undefined) logger.error({ problem: originalError?.stack ?? 'unknown' }, 'a subscription failed')
        }
        return errors.map((error) => (error.extensions['code'] === undefined ? new GraphQLError('the gateway failed', { extensions: { code: 'INTERNAL' } }).toJSON() : error.toJSON()))
      },
    },
    sockets,
    options.pingInterval,
  )

  return {
    revoke(withdrawn) {
      for (const [socket, { session }] of connections) if (withdrawn(session)) closeSoon(socket, CloseCode.Unauthorized, 'TOKEN_REVOKED')
    },
    async drain(windowMs) {
      server.off('upgrade', onUpgrade)
      server.on('upgrade', (_request, socket: Duplex) => socket.end('HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\n\r\n'))
      const clients = [...sockets.clients]
      // not all in the same instant: they would all come back in the same instant
      await Promise.all(clients.map(async (client, index) => {
        await new Promise((resolve) => setTimeout(resolve, (windowMs * index) / clients.length))
        closeSoon(client, closeCodes.restart, 'the gateway restarts')
        if (client.readyState !== client.CLOSED) await new Promise((resolve) => client.once('close', resolve))
      }))
      sockets.close()
    },
  }
}

type Asked = { readonly ctx: Ctx; /** The client's name for its operation. */ readonly id: string; readonly prepare: () => Prepared }

/** Bytes that may wait in a connection before its subscriptions do. */
const bufferBytes = 64 * 1024

/** Answers go straight to the connection: the protocol's library would make each one an object and JSON again, for every client. */
function pushTo(socket: WebSocket, id: string): Push {
  const prefix = `{"id":${JSON.stringify(id)},"type":"next","payload":`
  return (body) => {
    if (socket.readyState !== socket.OPEN) return
    const message = `${prefix}${body}}`
    if (socket.bufferedAmount < bufferBytes) return socket.send(message) as undefined
    return new Promise((resolve) => socket.send(message, () => resolve()))
  }
}

/** What is left for the protocol's library to send: the end of the stream and its reason. */
function ended(subscriber: Subscriber): AsyncIterableIterator<never> {
  const done = { done: true, value: undefined } as const
  return {
    [Symbol.asyncIterator]() {
      return this
    },
    next: () => subscriber.run().then(() => done),
    async return() {
      subscriber.leave()
      return done
    },
  }
}

/** How long a client may take to answer a close before its connection is cut. */
const closePatienceMs = 5_000

function closeSoon(socket: WebSocket, code: number, reason: string): void {
  socket.close(code, reason)
  const cut = setTimeout(() => socket.terminate(), closePatienceMs)
  socket.once('close', () => clearTimeout(cut))
}

function refuseSocket(socket: WebSocket, error: unknown): void {
  const refused = error instanceof AppError ? error : new AppError('INTERNAL', 'the gateway failed')
  const reason = String(refused.details['reason'] ?? refused.code)
  const code = reason === 'TOKEN_EXPIRED' ? closeCodes.tokenExpired : refused.code === 'UNAVAILABLE' ? 1013 : CloseCode.Unauthorized
  socket.close(code, reason)
}
