/** Which pages of other origins may call. No cookie is ever used, so a page can do nothing its user's token cannot. */
import type { IncomingMessage, ServerResponse } from 'node:http'

const ownMachine = /^https?:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/

/** Sets the headers; true when the request was a preflight and is answered. */
export function allowOrigin(request: IncomingMessage, response: ServerResponse, origins: readonly string[]): boolean {
  const { origin } = request.headers
  // the content type follows what is accepted
  response.setHeader('vary', 'origin, accept')
  const allowed = origin !== undefined && (origins.includes(origin) || ownMachine.test(origin))
  if (allowed) {
    response.setHeader('access-control-allow-origin', origin)
    response.setHeader('access-control-expose-headers', 'x-correlation-id')
  }
  if (request.method !== 'OPTIONS' || request.headers['access-control-request-method'] === undefined) return false
  if (allowed) {
    response.setHeader('access-control-allow-methods', 'GET, POST, PUT')
    response.setHeader('access-control-allow-headers', 'authorization, content-type, x-correlation-id, traceparent, apollo-require-preflight, apollographql-client-name, apollographql-client-version')
    response.setHeader('access-control-max-age', '600')
  }
  response.writeHead(204).end()
  return true
}
