/** Who asks, with the way their fetches are sent: every request to a subgraph carries the signed actor and the trace. */
import { randomBytes } from 'node:crypto'
import type { Caller } from './operations/operations.ts'
import type { Subgraphs } from './execution/subgraphs.ts'
import { liveService } from './supergraph/live-fields.ts'
import type { Session, Sessions } from './identity/sessions.ts'
import { actorHeader } from '@pharmagraph/platform/actor.ts'

export type Trace = { readonly correlationId: string; readonly traceparent: string }

export type Callers = {
  readonly sessions: Sessions
  caller(session: Session, trace: Trace): Caller
  /** Headers for a subgraph's plain HTTP routes. */
  headers(session: Session, trace: Trace): Promise<Record<string, string>>
}

export function createCallers(sessions: Sessions, subgraphs: Subgraphs): Callers {
  const headers = async (session: Session, { correlationId, traceparent }: Trace): Promise<Record<string, string>> => ({
    [actorHeader]: await session.actorToken(),
    'x-correlation-id': correlationId,
    traceparent,
  })
  return {
    sessions,
    headers,
    caller(session, trace) {
      let lines: { token: string; text: string } | undefined
      return {
        actor: session.actor,
        async send(service, body, idempotent) {
          // the event graph has no process: its one query says that it is there
          if (service === liveService) return { data: { live: true } }
          const token = await session.actorToken()
          if (lines?.token !== token) lines = { token, text: `${actorHeader}: ${token}\r\nx-correlation-id: ${trace.correlationId}\r\ntraceparent: ${trace.traceparent}\r\n` }
          return subgraphs.send({ service, body, idempotent, headerLines: lines.text })
        },
      }
    },
  }
}

/** A correlation id for a request that brought none. */
export const newCorrelationId = (): string => randomHex(16)

/** W3C trace context: the caller's trace goes on, with a span of our own. */
export function continueTrace(incoming: string | undefined): string {
  const [, traceId, flags] = /^00-([0-9a-f]{32})-[0-9a-f]{16}-([0-9a-f]{2})$/.exec(incoming ?? '') ?? []
  return `00-${traceId ?? randomHex(16)}-${randomHex(8)}-${flags ?? '01'}`
}

/** Drawn from the system many at a time: a call for each id would cost more than the rest of a small request. */
let pool = Buffer.alloc(0)
let used = 0
function randomHex(bytes: number): string {
  if (used + bytes > pool.length) {
    pool = randomBytes(4_096)
    used = 0
  }
  used += bytes
  return pool.toString('hex', used - bytes, used)
}
