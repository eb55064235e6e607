/**
 * Subscriptions over plain HTTP, where no WebSocket gets through: server-sent events (the protocol of graphql-sse, a
 * connection per operation) on /graphql/stream, and `multipart/mixed;subscriptionSpec=1.0` of Apollo's clients on /graphql.
 */
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { GraphQLError } from 'graphql'
import { AppError } from '@pharmagraph/platform/errors.ts'
import type { Callers } from '../callers.ts'
import { sendJson, type Exchange } from '../http/exchange.ts'
import type { Session } from '../identity/sessions.ts'
import { graphqlErrors, statusOf } from '../operations/graphql-errors.ts'
import type { Operations, Prepared } from '../operations/operations.ts'
import type { PersistedOperations, PersistedRequest } from '../operations/persisted.ts'
import type { Completions } from './completions.ts'
import type { Cursors } from './cursors.ts'
import type { Feed } from './feed.ts'
import { Subscriber } from './subscriber.ts'

export type StreamFormat = {
  readonly contentType: string
  readonly start: string
  /** `body`: an answer as JSON, which has no line breaks of its own. */
  next(body: string): string
  /** The stream ends before its time: the client may subscribe again. */
  fail(errors: readonly GraphQLError[]): string
  readonly heartbeat: string
  readonly end: string
}

export const serverSentEvents: StreamFormat = {
  contentType: 'text/event-stream; charset=utf-8',
  start: ':\n\n',
  next: (body) => `event: next\ndata: ${body}\n\n`,
  fail: (errors) => `event: next\ndata: ${JSON.stringify({ errors })}\n\n`,
  heartbeat: ':\n\n',
  end: 'event: complete\ndata:\n\n',
}

const part = (json: string): string => `\r\ncontent-type: application/json\r\n\r\n${json}\r\n--graphql`
/** A client takes a part as whole when the next boundary comes, so each part ends with one. */
export const multipart: StreamFormat = {
  contentType: 'multipart/mixed;boundary="graphql";subscriptionSpec="1.0"',
  start: '\r\n--graphql',
  next: (body) => part(`{"payload":${body}}`),
  fail: (errors) => part(JSON.stringify({ payload: null, errors })),
  heartbeat: part('{}'),
  end: '--\r\n',
}

export type StreamOptions = {
  readonly operations: () => Operations
  readonly onGraph: (callback: () => void) => () => void
  readonly persisted: PersistedOperations
  readonly callers: Callers
  readonly feed: Feed
  readonly cursors: Cursors
  readonly completions: Completions
  readonly queueLimit: number
  readonly onSubscribers: (change: 1 | -1) => void
}

export type HttpStreams = {
  serve(exchange: Exchange, session: Session, request: PersistedRequest & { variables?: Record<string, unknown> }, format: StreamFormat): Promise<void>
  /** Asks all clients to subscribe again, spread over `windowMs`. */
  drain(windowMs: number): Promise<void>
  /** Ends the streams of sessions that were withdrawn. */
  revoke(withdrawn: (session: Session) => boolean): void
}

const heartbeatMs = 12_000

export function serveHttpStreams(options: StreamOptions): HttpStreams {
  const { operations, persisted, callers, feed, cursors, completions, queueLimit, onSubscribers } = options
  type Finish = (code: string, message: string, more?: object) => void
  const open = new Map<Finish, Session>()

  return {
    async serve(exchange, session, request, format) {
      const { response } = exchange
      const prepare = (): Prepared => persisted.find(request, session.actor) ?? operations().fromClient(request.query ?? '', request.operationName)
      let prepared: Prepared
      try {
        prepared = prepare()
        if (exchange.request.method === 'GET' && prepared.type === 'mutation') throw new AppError('INVALID_INPUT', 'a GET request may not run a mutation')
      } catch (error) {
        const errors = graphqlErrors(error)
        return sendJson(response, statusOf(errors), { errors })
      }
      const push = (body: string): Promise<void> | undefined => {
        if (!response.writableEnded && !response.write(format.next(body))) return drained(response)
      }
      let subscriber: Subscriber | undefined
      if (prepared.type === 'subscription') {
        onSubscribers(1)
        subscriber = new Subscriber({
          feed, cursors, completions, callers, operations, onGraph: options.onGraph, queueLimit, push,
          prepared: prepare,
          session: () => session,
          variables: request.variables,
          trace: exchange,
          // it cannot be told anything more: the client finds the connection broken and resumes with its last cursor
          onOverflow: () => response.destroy(),
          onEnd: () => onSubscribers(-1),
        })
      }

      response.writeHead(200, { 'content-type': format.contentType, 'cache-control': 'no-store', 'x-accel-buffering': 'no' })
      response.write(format.start)
      const heartbeat = setInterval(() => response.write(format.heartbeat), heartbeatMs)
      const finish = (code: string, message: string, more: object = {}): void => {
        if (!response.writableEnded) response.end(format.fail([new GraphQLError(message, { extensions: { code, ...more } })]) + format.end)
      }
      const untilExpiry = session.expiresAt === undefined ? undefined : Math.min(session.expiresAt * 1000 - Date.now(), 2 ** 31 - 1)
      const expiry = untilExpiry === undefined ? undefined : setTimeout(() => finish('UNAUTHENTICATED', 'the access token has expired', { reason: 'TOKEN_EXPIRED' }), untilExpiry)
      open.set(finish, session)
      response.once('close', () => subscriber?.leave())
      try {
        if (subscriber) await subscriber.run()
        else push((await callers.run(session, exchange, prepared, request.variables, (caller) => prepared.respond(caller, request.variables))).body)
        if (!response.writableEnded) response.end(format.end)
      } catch (error) {
        if (!response.writableEnded) response.end(format.fail(graphqlErrors(error)) + format.end)
      } finally {
        clearInterval(heartbeat)
        clearTimeout(expiry)
        open.delete(finish)
      }
    },
    revoke(withdrawn) {
      for (const [finish, session] of open) if (withdrawn(session)) finish('UNAUTHENTICATED', 'the access was withdrawn: sign in again', { reason: 'TOKEN_REVOKED' })
    },
    async drain(windowMs) {
      const ends = [...open.keys()]
      await Promise.all(ends.map(async (end, index) => {
        await new Promise((resolve) => setTimeout(resolve, (windowMs * index) / ends.length))
        end('SERVICE_RESTART', 'the gateway restarts: subscribe again with the last cursor')
      }))
    },
  }
}

/** Until the client has read, or left. */
async function drained(response: ServerResponse): Promise<void> {
  const left = new AbortController()
  const onClose = (): void => left.abort()
  response.once('close', onClose)
  await once(response, 'drain', { signal: left.signal }).catch(() => undefined)
  response.off('close', onClose)
}
