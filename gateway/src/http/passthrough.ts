/** Messages whose exact bytes count (signatures, EDI): handed to the subgraph that owns them, unchanged. */
import { AppError } from '@pharmagraph/platform/errors.ts'
import type { Callers } from '../callers.ts'
import type { Admit } from '../identity/rate-limits.ts'
import type { Subgraphs } from '../execution/subgraphs.ts'
import { readBody, send, type Handler } from './exchange.ts'
import type { Route } from './router.ts'

/** `bearer`: the caller must be signed in, and the subgraph learns who it is; the others prove themselves by signature. `limit` in bytes. */
const messages: readonly { method: string; path: string; service: string; bearer?: true; limit?: number }[] = [
  { method: 'POST', path: '/webhooks/stripe', service: 'orders' },
  { method: 'POST', path: '/webhooks/epcs/status', service: 'prescriptions' },
  { method: 'POST', path: '/webhooks/carrier/:shipmentId', service: 'logistics' },
  { method: 'POST', path: '/deliveries/:shipmentId/status', service: 'logistics' },
  { method: 'POST', path: '/erx/script', service: 'prescriptions' },
  { method: 'POST', path: '/uploads/prescriptions', service: 'prescriptions', bearer: true, limit: 10 * 1024 * 1024 },
  { method: 'GET', path: '/uploads/prescriptions/:id', service: 'prescriptions', bearer: true },
  { method: 'GET', path: '/.well-known/prescription-keys', service: 'prescriptions' },
  { method: 'GET', path: '/fhir/R4/*', service: 'prescriptions', bearer: true },
  { method: 'POST', path: '/fhir/R4/$import', service: 'prescriptions', bearer: true, limit: 10 * 1024 * 1024 },
  { method: 'POST', path: '/fhir/R4', service: 'prescriptions', bearer: true },
  { method: 'POST', path: '/fhir/R4/*', service: 'prescriptions', bearer: true },
  { method: 'PUT', path: '/fhir/R4/*', service: 'prescriptions', bearer: true },
]

const messageLimit = 2 * 1024 * 1024
/** Headers of one connection, or that say who calls: only the gateway says that. */
const ownHeaders = new Set(['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'te', 'trailer', 'proxy-authorization', 'expect', 'host', 'content-length', 'x-actor', 'x-correlation-id', 'traceparent'])

export function passthroughRoutes(callers: Callers, subgraphs: Subgraphs, admit: Admit): Route[] {
  return messages.map(({ method, path, service, bearer, limit = messageLimit }) => {
    const handle: Handler = async (exchange) => {
      const { request, response } = exchange
      const headers: Record<string, string | string[]> = {}
      for (const [name, value] of Object.entries(request.headers)) if (value !== undefined && !ownHeaders.has(name)) headers[name] = value
      headers['x-correlation-id'] = exchange.correlationId
      headers['traceparent'] = exchange.traceparent
      if (bearer) {
        if (!request.headers.authorization) throw new AppError('UNAUTHENTICATED', 'this address needs a bearer token')
        delete headers['authorization']
        const session = await callers.sessions.open(request.headers.authorization)
        await admit(session, request.socket.remoteAddress)
        Object.assign(headers, await callers.headers(session, exchange))
      }
      const body = await readBody(request, limit)
      const answer = await subgraphs.pool(service).request({ method, path: request.url!, headers, body: method === 'GET' ? null : body }).catch((error: unknown) => {
        throw new AppError('UNAVAILABLE', `the service "${service}" is not available: send the message again`, { cause: (error as { code?: string }).code })
      })
      const kept = Object.entries(answer.headers).filter(([name, value]) => value !== undefined && !ownHeaders.has(name))
      send(response, answer.statusCode, Buffer.from(await answer.body.arrayBuffer()), Object.fromEntries(kept) as Record<string, string>)
    }
    return { method, path, handle }
  })
}
