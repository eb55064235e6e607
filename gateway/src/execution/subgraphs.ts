/** The way to the subgraphs: keep-alive connections, one retry for reads, and a circuit breaker per service. */
import { isUtf8 } from 'node:buffer'
import { ConsecutiveBreaker, circuitBreaker, handleAll, type CircuitBreakerPolicy } from 'cockatiel'
import type { Histogram } from 'prom-client'
import { Pool } from 'undici'
import { fromBytes, type Bytes } from './bytes.ts'
import { openConnections, type Answered, type Connections } from './connections.ts'

export type SubgraphRequest = {
  readonly service: string
  /** Serialised GraphQL request. */
  readonly body: Bytes
  /** A read may be sent again when its connection fails; a mutation may not. */
  readonly idempotent: boolean
  /** Header lines of the caller, each ending in a line break; nothing in them comes from outside unchecked. */
  readonly headerLines: string
  /** Reads of one kind may share a connection; see connections.ts. */
  readonly kind?: unknown
}
export type SubgraphError = { readonly message?: string; readonly path?: readonly (string | number)[]; readonly extensions?: Record<string, unknown> }
export type SubgraphData = { readonly data?: Record<string, unknown> | null; readonly errors?: readonly SubgraphError[] }
/** `text`: an answer with data and without a word of errors, as it came. */
export type SubgraphResponse = SubgraphData | { readonly text: Bytes }

/** The subgraph did not answer, or not with GraphQL. */
export class SubgraphUnavailable extends Error {
  readonly service: string
  constructor(service: string, cause: unknown) {
    super(`the service "${service}" is not available`, { cause })
    this.name = 'SubgraphUnavailable'
    this.service = service
  }
}

export type Subgraphs = {
  send(request: SubgraphRequest): Promise<SubgraphResponse>
  /** Connections to the service, for its plain HTTP routes. */
  pool(service: string): Pool
  close(): Promise<void>
}

const timeoutMs = 10_000
/** An address without TLS is spoken to without a general client; see connections.ts. */
type Service = { readonly head: string; readonly post: Connections['post']; readonly pool: () => Pool; readonly close: () => Promise<void>; readonly breaker: CircuitBreakerPolicy; readonly observe: (outcome: Outcome, seconds: number) => void }
type Outcome = 'ok' | 'errors' | 'unavailable'

/** After so many failures in a row a service is left alone for a moment, so that it can recover and callers hear at once. */
const failuresInARow = 10
const leaveAloneMs = 500

/** `addressOf`: GraphQL endpoint of a service, asked when it is first needed. */
export function connectSubgraphs(addressOf: (service: string) => string | undefined, durations?: Histogram<'subgraph' | 'outcome'>, pipelining = 8): Subgraphs {
  const services = new Map<string, Service>()
  const find = (service: string): Service => {
    const known = services.get(service)
    if (known) return known
    const address = addressOf(service)
    if (address === undefined) throw new SubgraphUnavailable(service, 'no address is configured')
    const made = connectService(service, new URL(address), durations, pipelining)
    services.set(service, made)
    return made
  }

  return {
    async send({ service, body, idempotent, headerLines, kind }) {
      const started = performance.now()
      const { post, head, breaker, observe } = find(service)
      const ask = async (): Promise<SubgraphResponse> => {
        try {
          return readAnswer(await post(head + headerLines, body, idempotent ? kind : undefined))
        } catch (error) {
          if (idempotent && connectionFailed(error)) return readAnswer(await post(head + headerLines, body))
          throw error
        }
      }
      try {
        const answer = await breaker.execute(ask)
        observe('errors' in answer ? 'errors' : 'ok', (performance.now() - started) / 1_000)
        return answer
      } catch (error) {
        observe('unavailable', (performance.now() - started) / 1_000)
        throw new SubgraphUnavailable(service, error)
      }
    },
    pool: (service) => find(service).pool(),
    async close() {
      await Promise.all([...services.values()].map((service) => service.close()))
    },
  }
}

function connectService(name: string, url: URL, durations: Histogram<'subgraph' | 'outcome'> | undefined, pipelining: number): Service {
  let pool: Pool | undefined
  // below the five seconds after which a Node server drops an idle connection, so that it is not us who finds out
  const open = (): Pool => (pool ??= new Pool(url.origin, { connections: 64, pipelining: 1, keepAliveTimeout: 4_000, connect: { timeout: 2_000 }, headersTimeout: timeoutMs, bodyTimeout: timeoutMs }))
  const bare = url.protocol === 'http:' ? openConnections(url, { connections: 64, pipelining, timeoutMs, connectTimeoutMs: 2_000, idleMs: 4_000 }) : undefined
  const path = url.pathname + url.search
  const children = (['ok', 'errors', 'unavailable'] as const).map((outcome) => [outcome, durations?.labels(name, outcome)] as const)
  const byOutcome = Object.fromEntries(children) as Record<Outcome, { observe(seconds: number): void } | undefined>
  return {
    head: `POST ${path} HTTP/1.1\r\nhost: ${url.host}\r\ncontent-type: application/json\r\naccept: application/json\r\n`,
    post: bare?.post ?? ((head, body) => postByPool(open(), path, head, body)),
    pool: open,
    breaker: circuitBreaker(handleAll, { halfOpenAfter: leaveAloneMs, breaker: new ConsecutiveBreaker(failuresInARow) }),
    observe: (outcome, seconds) => byOutcome[outcome]?.observe(seconds),
    async close() {
      bare?.close()
      await pool?.close()
    },
  }
}

async function postByPool(pool: Pool, path: string, head: string, body: Bytes): Promise<Answered> {
  const lines = head.split('\r\n').slice(1).filter((line) => line !== '' && !line.startsWith('host:'))
  const headers = Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]))
  const answer = await pool.request({ path, method: 'POST', headers, body: Buffer.from(body, 'latin1') })
  return { status: answer.statusCode, body: Buffer.from(await answer.body.arrayBuffer()).toString('latin1'), ascii: false }
}

function readAnswer({ status, body, ascii }: Answered): SubgraphResponse {
  // what is passed on as it came must be well-formed
  if (status === 200 && body.startsWith('{"data":{') && !body.includes('"errors"') && (ascii || isUtf8(Buffer.from(body, 'latin1')))) return { text: body }
  const answer = JSON.parse(fromBytes(body)) as SubgraphData | null
  if (typeof answer === 'object' && answer !== null && (answer.data !== undefined || answer.errors !== undefined)) return answer
  throw new Error(`answered ${status} without data or errors`)
}

const connectionFailed = (error: unknown): boolean =>
  ['UND_ERR_SOCKET', 'UND_ERR_CONNECT_TIMEOUT', 'ECONNTIMEOUT', 'ECONNRESET', 'ECONNREFUSED', 'EPIPE'].includes((error as { code?: string } | undefined)?.code ?? '')
