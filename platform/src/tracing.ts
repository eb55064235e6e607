/**
 * One trace from the click to the push. Spans go to OTEL_EXPORTER_OTLP_ENDPOINT (OTLP over HTTP, JSON); where it is not
 * set none are made and OpenTelemetry is not even loaded, but the trace id travels on all the same. What is current
 * travels as a W3C traceparent in the request context, and from there into headers, outbox rows and events.
 * Attributes are names and numbers: never variables, parameters, error texts or anything else that could be PHI.
 */
import type { Attributes, Context, SpanContext } from '@opentelemetry/api'
import { requestContext, traceparentNow, withRequestContext } from './request-context.ts'

export type SpanKind = 'server' | 'client' | 'producer' | 'consumer' | 'internal'
export type SpanOptions = {
  readonly kind: SpanKind
  readonly attributes?: Attributes
  /** W3C traceparent; by default the current one. */
  readonly parent?: string | undefined
}

export type Tracer = {
  readonly recording: boolean
  /** Runs `work` as a span; within it the span is the current one, and `traceparent` names it (undefined where nothing is recorded). */
  span<T>(name: string, options: SpanOptions, work: (traceparent: string | undefined) => Promise<T>): Promise<T>
  /** A span of something that is over, below the current one; without a current one nothing. Times in milliseconds since the epoch. */
  ended(name: string, options: { kind: SpanKind; attributes?: Attributes; startedAt: number; failed: boolean }): void
  /** Sends what is left. */
  stop(): Promise<void>
}

export const noTracer: Tracer = { recording: false, span: (_name, _options, work) => work(undefined), ended: () => {}, stop: async () => {} }

/** Tracing of one process under the name of its service; the OTEL_* settings of the specification hold. */
export async function startTracing(service: string): Promise<Tracer> {
  if (!process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] && !process.env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT']) return noTracer
  const [{ ROOT_CONTEXT, SpanKind, SpanStatusCode, trace }, { parseTraceParent }, { BasicTracerProvider, BatchSpanProcessor }, { resourceFromAttributes }, { OTLPTraceExporter }] = await Promise.all([
    import('@opentelemetry/api'), import('@opentelemetry/core'), import('@opentelemetry/sdk-trace-base'), import('@opentelemetry/resources'), import('@opentelemetry/exporter-trace-otlp-http'),
  ])
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ 'service.name': service, 'service.namespace': 'pharmagraph' }),
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
  })
  const tracer = provider.getTracer('@pharmagraph/platform')
  const kinds: Record<SpanKind, number> = { server: SpanKind.SERVER, client: SpanKind.CLIENT, producer: SpanKind.PRODUCER, consumer: SpanKind.CONSUMER, internal: SpanKind.INTERNAL }
  const below = (traceparent: string | undefined): Context => {
    const parent = traceparent === undefined ? null : parseTraceParent(traceparent)
    return parent ? trace.setSpanContext(ROOT_CONTEXT, { ...parent, isRemote: true }) : ROOT_CONTEXT
  }
  const textOf = ({ traceId, spanId, traceFlags }: SpanContext): string => `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`

  return {
    recording: true,
    async span(name, { kind, attributes, parent }, work) {
      const current = requestContext()
      const span = tracer.startSpan(name, { kind: kinds[kind], ...(attributes && { attributes }) }, below(parent ?? current.traceparent))
      const traceparent = textOf(span.spanContext())
      try {
        return await withRequestContext({ ...current, traceparent }, () => work(traceparent))
      } catch (error) {
        span.setAttribute('error.type', (error as { code?: unknown }).code === undefined ? (error as Error).name : String((error as { code: unknown }).code))
        span.setStatus({ code: SpanStatusCode.ERROR })
        throw error
      } finally {
        span.end()
      }
    },
    ended(name, { kind, attributes, startedAt, failed }) {
      const parent = traceparentNow()
      if (parent === undefined) return
      const span = tracer.startSpan(name, { kind: kinds[kind], startTime: startedAt, ...(attributes && { attributes }) }, below(parent))
      if (failed) span.setStatus({ code: SpanStatusCode.ERROR })
      span.end()
    },
    stop: () => provider.shutdown(),
  }
}

/** What a statement does to which table, and its text with every literal replaced: neither holds a value of a row. */
export function describeSql(statement: string): { summary: string; text: string } {
  const text = statement.replace(/\$(\w*)\$.*?\$\1\$/gs, '?').replace(/'(?:[^']|'')*'/g, '?').replace(/\b\d+(?:\.\d+)?\b/g, '?').replace(/\s+/g, ' ').trim().slice(0, 2_000)
  const verb = /^\w+/.exec(text)?.[0].toLowerCase() ?? 'sql'
  const table = /\b(?:from|into|update)\s+"?(?:\w+"?\.)?"?(\w+)/i.exec(text)?.[1]
  return { summary: table === undefined ? verb : `${verb} ${table}`, text }
}
