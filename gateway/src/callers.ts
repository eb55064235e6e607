/** Who asks, with the way their fetches are sent: every request to a subgraph carries the signed actor, the trace and the operation's name. */
import { createHash, randomBytes } from 'node:crypto'
import { Kind, print, visit, type DocumentNode, type GraphQLError } from 'graphql'
import { Histogram, type Registry } from 'prom-client'
import { actorHeader, operationHeader } from '@pharmagraph/platform/actor.ts'
import type { Logger } from '@pharmagraph/platform/telemetry.ts'
import { noTracer, type Tracer } from '@pharmagraph/platform/tracing.ts'
import type { Caller, Prepared, Spent } from './operations/operations.ts'
import { labelOf } from './operations/persisted.ts'
import type { Subgraphs } from './execution/subgraphs.ts'
import { liveService } from './supergraph/live-fields.ts'
import type { NoteRefusals } from './identity/refusals.ts'
import type { Session, Sessions } from './identity/sessions.ts'

export type Trace = { readonly correlationId: string; readonly traceparent: string }

/** As much of an answer as tells how it ended; `ran`, or else `data`, is missing where the operation was refused whole. */
type Ended = { readonly errors?: readonly GraphQLError[]; readonly ran?: boolean; readonly data?: unknown; readonly spent?: Spent }

export type Callers = {
  readonly sessions: Sessions
  /** Runs one operation as a session: as a span, measured, logged where it is slow, and noted where it was refused. */
  run<Answer extends Ended>(session: Session, trace: Trace, prepared: Prepared, variables: unknown, work: (caller: Caller) => Promise<Answer>): Promise<Answer>
  /** Completes one event of a subscription for a session; `field` is the subscription's. */
  push<Pushed>(session: Session, trace: Trace, field: string, work: (caller: Caller) => Promise<Pushed>): Promise<Pushed>
  /** Notes what an operation that is not run as one, a subscription, was refused. */
  refused(session: Session, trace: Trace, prepared: Prepared, variables: unknown, errors: readonly GraphQLError[]): void
  /** Headers for a subgraph's plain HTTP routes. */
  headers(session: Session, trace: Trace): Promise<Record<string, string>>
}

/** What is made of how operations ran; without it nothing is measured. */
export type Observation = { readonly registry: Registry; readonly logger: Logger; readonly tracer: Tracer; readonly slowMs: number; readonly noteRefusals: NoteRefusals }

const buckets = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5]

export function createCallers(sessions: Sessions, subgraphs: Subgraphs, observation?: Observation): Callers {
  const tracer = observation?.tracer ?? noTracer
  const durations = observation && new Histogram({ name: 'gateway_operation_seconds', help: 'Operations by persisted name and outcome', labelNames: ['operation', 'outcome'], buckets, registers: [observation.registry] })
  const costs = observation && new Histogram({ name: 'gateway_operation_cost', help: 'Objects that operations in clients’ own words might have returned, and those they did', labelNames: ['kind'], buckets: [1, 10, 100, 1_000, 5_000, 20_000], registers: [observation.registry] })
  const pushes = observation && new Histogram({ name: 'gateway_push_seconds', help: 'Events completed, once for all subscribers of a group, by subscription field', labelNames: ['field'], buckets, registers: [observation.registry] })

  function callerOf(session: Session, trace: Trace, operation: string, onFetch?: (service: string, ms: number) => void): Caller {
    let lines: { token: string; text: string } | undefined
    const linesOf = (token: string, traceparent: string): string => `${actorHeader}: ${token}\r\nx-correlation-id: ${trace.correlationId}\r\ntraceparent: ${traceparent}\r\n${operationHeader}: ${operation}\r\n`
    return {
      actor: session.actor,
      async send(service, body, idempotent, kind) {
        // the event graph has no process: its one query says that it is there
        if (service === liveService) return { data: { live: true } }
        const token = await session.actorToken()
        const started = performance.now()
        try {
          if (tracer.recording) {
            return await tracer.span(`fetch ${service}`, { kind: 'client', parent: trace.traceparent, attributes: { 'peer.service': service } }, (traceparent = trace.traceparent) =>
              subgraphs.send({ service, body, idempotent, headerLines: linesOf(token, traceparent), kind }))
          }
          if (lines?.token !== token) lines = { token, text: linesOf(token, trace.traceparent) }
          return await subgraphs.send({ service, body, idempotent, headerLines: lines.text, kind })
        } finally {
          onFetch?.(service, performance.now() - started)
        }
      },
    }
  }

  return {
    sessions,
    headers: async (session, { correlationId, traceparent }) => ({ [actorHeader]: await session.actorToken(), 'x-correlation-id': correlationId, traceparent }),

    async run(session, trace, prepared, variables, work) {
      const operation = labelOf(prepared)
      const fetches: [service: string, ms: number][] = []
      const started = performance.now()
      let outcome = 'failed'
      try {
        const answer = await tracer.span(`${prepared.type} ${operation}`, { kind: 'internal', parent: trace.traceparent, attributes: { 'graphql.operation.type': prepared.type, 'graphql.operation.name': operation } }, (traceparent = trace.traceparent) =>
          work(callerOf(session, { ...trace, traceparent }, operation, (service, ms) => fetches.push([service, ms]))))
        for (const [kind, cost] of Object.entries(answer.spent ?? {})) costs?.observe({ kind }, cost)
        outcome = !answer.errors?.length ? 'ok' : (answer.ran ?? answer.data !== undefined) ? 'errors' : 'refused'
        if (outcome !== 'ok') observation?.noteRefusals(session, trace, { operation, document: prepared.document, variables, errors: answer.errors ?? [] })
        return answer
      } finally {
        const ms = performance.now() - started
        durations?.observe({ operation, outcome }, ms / 1_000)
        if (observation && ms >= observation.slowMs) {
          observation.logger.warn({
            operation, operationId: signatureOf(prepared.document), type: prepared.type, outcome, ms: Math.round(ms), correlationId: trace.correlationId,
            services: fetches.map(([service, ms]) => ({ service, ms: Math.round(ms) })),
          }, 'a slow operation')
        }
      }
    },

    refused: (session, trace, prepared, variables, errors) => observation?.noteRefusals(session, trace, { operation: labelOf(prepared), document: prepared.document, variables, errors }),

    async push(session, trace, field, work) {
      const started = performance.now()
      try {
        return await tracer.span(`push ${field}`, { kind: 'consumer', parent: trace.traceparent }, (traceparent = trace.traceparent) => work(callerOf(session, { ...trace, traceparent }, `push ${field}`)))
      } finally {
        pushes?.observe({ field }, (performance.now() - started) / 1_000)
      }
    },
  }
}

/** The same for operations that differ in their literals only, which may hold anything: first 16 hex digits of a SHA-256. */
function signatureOf(document: DocumentNode): string {
  const blank = { kind: Kind.NULL } as const
  const shape = visit(document, { IntValue: () => blank, FloatValue: () => blank, StringValue: () => blank })
  return createHash('sha256').update(print(shape)).digest('hex').slice(0, 16)
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
