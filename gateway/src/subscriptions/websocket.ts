/** graphql-ws on /graphql: subscriptions, and queries and mutations for clients that keep one connection. */
import { type IncomingMessage, type Server } from 'node:http'
import { type Duplex } from 'node:stream'
import { GraphQLError, parse, validate, specifiedRules, type ExecutionArgs } from 'graphql'
import { CloseCode, type Context } from 'graphql-ws'
import { useServer, type Extra as SocketExtra } from 'graphql-ws/use/ws'
import { WebSocketServer, type WebSocket } from 'ws'
import { AppError } from '../../../platform/src/errors.ts'
import { newId } from '../../../platform/src/ids.ts'
import { type Logger } from '../../../platform/src/telemetry.ts'
import { continueTrace, type Callers } from '../callers.ts'
import { graphqlErrors } from '../http/graphql.ts'
import { type Session } from '../identity/sessions.ts'
import { limits, operationLimits } from '../operations/limits.ts'
import { type Answer, type Operations, type Prepared } from '../operations/operations.ts'
import { type PersistedOperations } from '../operations/persisted.ts'
import { type Cursors } from './cursors.ts'
import { type Feed } from './feed.ts'
import { Subscriber } from './subscriber.ts'

/** Beyond those of graphql-ws; its client treats them, like 4403, as worth trying again. */
export const closeCodes = {
  /** The access token ended: connect again with a new one. */
  tokenExpired: CloseCode.Forbidden,
  /** A lossless stream could not wait longer: resume with `after: <last cursor>`. */
  slowConsumer: 4413,
  /** WebSocket's own: the service restarts. */
  restart: 1012,
} as const

const maxSubscriptionsPerSocket = 100
const maxMessageBytes = 256 * 1024

type Extra = SocketExtra & { session: Session; expiry?: NodeJS.Timeout | undefined; correlationId: string; traceparent: string }
type Ctx = Context<Record<string, unknown> | undefined, Extra>

export type WebSocketOptions = {
  readonly server: Server
  readonly operations: () => Operations
  readonly persisted: PersistedOperations
  readonly callers: Callers
  readonly feed: Feed
  readonly cursors: Cursors
  readonly logger: Logger
  readonly queueLimit: number
  /** Milliseconds between server pings; a client that does not answer the last one is dropped. */
  readonly pingInterval: number
  readonly onSubscribers: (change: 1 | -1) => void
}

export type WebSockets = { /** Asks all clients to connect again, spread over `windowMs`. */ drain(windowMs: number): Promise<void> }

export function serveWebSockets(options: WebSocketOptions): WebSockets {
  const { server, callers, persisted, operations, feed, cursors, logger } = options
  const sockets = new WebSocketServer({ noServer: true, maxPayload: maxMessageBytes })
  const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const { pathname } = new URL(request.url ?? '/', 'http://gateway')
    if (pathname !== '/graphql') return void socket.end('HTTP/1.1 404 Not Found\r\nconnection: close\r\n\r\n')
    sockets.handleUpgrade(request, socket, head, (client) => sockets.emit('connection', client, request))
  }
  server.on('upgrade', onUpgrade)

  const holdUntilExpiry = ({ extra }: Ctx): void => {
    clearTimeout(extra.expiry)
    const { expiresAt } = extra.session
    if (expiresAt === undefined) return
    // a timer holds at most 24.8 days; whoever stays that long is looked at again then
    const wait = Math.min(expiresAt * 1000 - Date.now(), 2 ** 31 - 1)
    extra.expiry = setTimeout(() => closeSoon(extra.socket, closeCodes.tokenExpired, 'TOKEN_EXPIRED'), wait)
    extra.expiry.unref()
  }

  useServer<Record<string, unknown> | undefined, Extra>(
    {
      async onConnect(ctx) {
        const { extra } = ctx
        const params = ctx.connectionParams ?? {}
        const authorization = params['authorization'] ?? params['Authorization']
        extra.correlationId = newId()
        extra.traceparent = continueTrace(extra.request.headers.traceparent as string | undefined)
        try {
          extra.session = await callers.sessions.open(typeof authorization === 'string' ? authorization : undefined)
        } catch (error) {
          refuseSocket(extra.socket, error)
          return false
        }
        holdUntilExpiry(ctx)
        return { correlationId: extra.correlationId }
      },
      /** A ping with a new access token of the same person keeps the connection beyond the old one's end. */
      async onPing(ctx, payload) {
        const authorization = payload?.['authorization']
        if (typeof authorization !== 'string' || !ctx.acknowledged) return
        try {
          const session = await callers.sessions.open(authorization)
          if (session.actor.subject !== ctx.extra.session.actor.subject) throw new AppError('FORBIDDEN', 'a refreshed token must be of the same person')
          ctx.extra.session = session
          holdUntilExpiry(ctx)
        } catch (error) {
          refuseSocket(ctx.extra.socket, error)
        }
      },
      onClose({ extra }) {
        clearTimeout(extra.expiry)
      },
      onSubscribe(ctx, _id, payload): ExecutionArgs | GraphQLError[] {
        if (Object.keys(ctx.subscriptions).length > maxSubscriptionsPerSocket) {
          return [new GraphQLError(`one connection may hold ${maxSubscriptionsPerSocket} operations`, { extensions: { code: 'TOO_MANY_OPERATIONS' } })]
        }
        try {
          const { operationName, variables } = payload
          const prepare = (): Prepared => persisted.find(payload, ctx.extra.session.actor) ?? prepareText(operations(), payload.query, operationName ?? undefined)
          const { document, name } = prepare()
          return {
            schema: operations().graph.schema,
            document,
            ...(name !== undefined && { operationName: name }),
            variableValues: variables ?? {},
            contextValue: { ctx, prepare } satisfies Asked,
          }
        } catch (error) {
          return graphqlErrors(error)
        }
      },
      async execute(args) {
        const { ctx, prepare } = args.contextValue as Asked
        const { extra } = ctx
        return prepare().execute(callers.caller(extra.session, extra), args.variableValues ?? undefined).catch((error: unknown) => ({ errors: graphqlErrors(error) }))
      },
      subscribe(args) {
        const { ctx, prepare } = args.contextValue as Asked
        const { extra } = ctx
        const subscriber = new Subscriber({
          feed, cursors, callers,
          prepared: prepare,
          session: () => extra.session,
          variables: args.variableValues ?? undefined,
          trace: extra,
          queueLimit: options.queueLimit,
          onOverflow: () => closeSoon(extra.socket, closeCodes.slowConsumer, 'SLOW_CONSUMER: resume with the last cursor'),
        })
        options.onSubscribers(1)
        return releasing(subscriber, () => options.onSubscribers(-1)) as unknown as AsyncIterableIterator<never>
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

type Asked = { readonly ctx: Ctx; readonly prepare: () => Prepared }

/** How long a client may take to answer a close before its connection is cut. */
const closePatienceMs = 2_000

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

function prepareText(operations: Operations, text: string, operationName: string | undefined): Prepared {
  const { schema } = operations.graph
  const document = parse(text, { noLocation: true, maxTokens: limits.tokens })
  const errors = validate(schema, document, [...specifiedRules, operationLimits])
  if (errors.length > 0) throw new AggregateError(errors, 'invalid')
  return operations.fromValidated(text, document, operationName)
}

/** Calls `onEnd` once when the iterator ends in any way. */
function releasing(iterator: AsyncIterableIterator<Answer>, onEnd: () => void): AsyncIterableIterator<Answer> {
  let ended = false
  const end = (): void => {
    if (!ended) onEnd()
    ended = true
  }
  return {
    [Symbol.asyncIterator]() {
      return this
    },
    async next() {
      try {
        const result = await iterator.next()
        if (result.done) end()
        return result
      } catch (error) {
        end()
        throw error
      }
    },
    return() {
      end()
      return iterator.return!()
    },
  }
}
