/** The way to the subgraphs: one keep-alive pool per service. */
import { Pool } from 'undici'
import type { Histogram } from 'prom-client'

export type SubgraphRequest = {
  readonly service: string
  /** Serialised GraphQL request. */
  readonly body: string
  /** A read may be sent again when its connection fails; a mutation may not. */
  readonly idempotent: boolean
  readonly headers: Record<string, string>
}
export type SubgraphError = { readonly message?: string; readonly path?: readonly (string | number)[]; readonly extensions?: Record<string, unknown> }
export type SubgraphResponse = { readonly data?: Record<string, unknown> | null; readonly errors?: readonly SubgraphError[] }

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

/** `addressOf`: GraphQL endpoint of a service, asked when it is first needed. */
export function connectSubgraphs(addressOf: (service: string) => string | undefined, durations?: Histogram<'subgraph' | 'outcome'>): Subgraphs {
  const services = new Map<string, { path: string; pool: Pool }>()
  const find = (service: string): { path: string; pool: Pool } => {
    const known = services.get(service)
    if (known) return known
    const address = addressOf(service)
    if (address === undefined) throw new SubgraphUnavailable(service, 'no address is configured')
    const url = new URL(address)
    // below the five seconds after which a Node server drops an idle connection, so that it is not us who finds out
    const pool = new Pool(url.origin, { connections: 64, pipelining: 1, keepAliveTimeout: 4_000, connect: { timeout: 2_000 }, headersTimeout: timeoutMs, bodyTimeout: timeoutMs })
    const made = { path: url.pathname + url.search, pool }
    services.set(service, made)
    return made
  }

  /** By `dispatch`, which makes no stream of an answer that is read whole: a third of the cost of a small request. */
  function post({ service, body, headers }: SubgraphRequest): Promise<SubgraphResponse> {
    const { path, pool } = find(service)
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = []
      let status = 0
      pool.dispatch({ path, method: 'POST', headers: { 'content-type': 'application/json', accept: 'application/json', ...headers }, body }, {
        onRequestStart() {},
        onResponseStart(_controller, statusCode) {
          status = statusCode
        },
        onResponseData(_controller, chunk) {
          chunks.push(chunk)
        },
        onResponseEnd() {
          try {
            resolve(readAnswer(status, chunks))
          } catch (error) {
            reject(error as Error)
          }
        },
        onResponseError(_controller, error) {
          reject(error)
        },
      })
    })
  }

  return {
    async send(request) {
      const started = performance.now()
      const observe = (outcome: string): void => durations?.labels(request.service, outcome).observe((performance.now() - started) / 1_000)
      try {
        const answer = await post(request).catch((error: unknown) => {
          if (request.idempotent && connectionFailed(error)) return post(request)
          throw error
        })
        observe(answer.errors ? 'errors' : 'ok')
        return answer
      } catch (error) {
        observe('unavailable')
        throw error instanceof SubgraphUnavailable ? error : new SubgraphUnavailable(request.service, error)
      }
    },
    pool: (service) => find(service).pool,
    async close() {
      await Promise.all([...services.values()].map(({ pool }) => pool.close()))
    },
  }
}

function readAnswer(status: number, chunks: readonly Buffer[]): SubgraphResponse {
  const answer = JSON.parse((chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)).toString('utf8')) as SubgraphResponse | null
  if (typeof answer === 'object' && answer !== null && (answer.data !== undefined || answer.errors !== undefined)) return answer
  throw new Error(`answered ${status} without data or errors`)
}

const connectionFailed = (error: unknown): boolean =>
  ['UND_ERR_SOCKET', 'UND_ERR_CONNECT_TIMEOUT', 'ECONNRESET', 'ECONNREFUSED', 'EPIPE'].includes((error as { code?: string } | undefined)?.code ?? '')
