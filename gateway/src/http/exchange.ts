/** One HTTP request and its answer: reading bodies within limits, writing JSON, refusing in one shape. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { AppError } from '@pharmagraph/platform/errors.ts'

export type Exchange = {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly url: URL
  /** Path parameters of the route. */
  readonly params: Readonly<Record<string, string>>
  readonly correlationId: string
  readonly traceparent: string
}
export type Handler = (exchange: Exchange) => Promise<void>

export async function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  const tooLarge = () => new AppError('INVALID_INPUT', `the body is larger than ${limit} bytes`, {}, { http: 413 })
  if (Number(request.headers['content-length'] ?? 0) > limit) throw tooLarge()
  // by events: an async iterator over a small body costs more than the body
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let length = 0
    request.on('data', (chunk: Buffer) => {
      length += chunk.length
      if (length <= limit) chunks.push(chunk)
      else reject(tooLarge())
    })
    request.on('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)))
    request.on('error', reject)
    request.on('close', () => {
      if (!request.complete) reject(new AppError('INVALID_INPUT', 'the connection was closed in the middle of the body'))
    })
  })
}

export async function readJson(request: IncomingMessage, limit: number): Promise<Record<string, unknown>> {
  // a type that a form cannot send: another site's page must ask by preflight first
  if (!/^application\/([\w.-]+\+)?json\b/i.test(request.headers['content-type'] ?? '')) {
    throw new AppError('INVALID_INPUT', 'the content type must be application/json', {}, { http: 415 })
  }
  try {
    const parsed: unknown = JSON.parse((await readBody(request, limit)).toString('utf8') || '{}')
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return parsed as Record<string, unknown>
  } catch (error) {
    if (error instanceof AppError) throw error
  }
  throw new AppError('INVALID_INPUT', 'the body must be a JSON object')
}

export function send(response: ServerResponse, status: number, body: string | Buffer, headers: Record<string, string> = {}, encoding: 'utf8' | 'latin1' = 'utf8'): void {
  if (response.headersSent || response.destroyed) return
  response.writeHead(status, { 'content-length': typeof body === 'string' ? Buffer.byteLength(body, encoding) : body.length, ...headers })
  response.end(body, encoding)
}

export const sendJson = (response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void =>
  send(response, status, JSON.stringify(body), { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store', ...headers })

/** A refusal outside GraphQL, in its one shape. */
export const sendRefusal = (response: ServerResponse, error: AppError): void =>
  sendJson(response, error.row.http, { code: error.code, message: error.message, ...error.details }, {
    ...(error.row.http === 401 && { 'www-authenticate': 'Bearer' }),
    ...(error.row.http === 429 && { 'retry-after': String(error.details['retryAfterSeconds']) }),
  })
