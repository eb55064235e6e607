/** /graphql: persisted operations take the short way, everything else goes through Apollo Server. Same checks, same execution. */
import { HeaderMap, type ApolloServer } from '@apollo/server'
import { GraphQLError } from 'graphql'
import { AppError } from '@pharmagraph/platform/errors.ts'
import { Bounded } from '../operations/bounded.ts'
import { graphqlErrors, statusOf } from '../operations/graphql-errors.ts'
import { responseOf, type Operations, type Prepared, type Response } from '../operations/operations.ts'
import type { Admit } from '../identity/rate-limits.ts'
import type { Session } from '../identity/sessions.ts'
import type { Callers } from '../callers.ts'
import type { Share } from '../operations/sharing.ts'
import type { PersistedOperations } from '../operations/persisted.ts'
import { multipart, type HttpStreams } from '../subscriptions/http-streams.ts'
import { sendParts, takesParts } from './parts.ts'
import { readJson, send, type Exchange, type Handler } from './exchange.ts'

export type ApolloContext = {
  readonly session: Session
  readonly exchange: Pick<Exchange, 'correlationId' | 'traceparent'>
  /** Filled when the operation was refused whole; an object of its own, since Apollo Server copies the context. */
  readonly outcome: { refusal?: readonly GraphQLError[] | undefined }
}

type Deps = {
  readonly callers: Callers
  readonly persisted: PersistedOperations
  readonly apollo: ApolloServer<ApolloContext>
  readonly streams: HttpStreams
  readonly admit: Admit
  /** Of the graph in force. */
  readonly operations: () => Operations
  readonly share: Share | undefined
  /** Serves the explorer to browsers. */
  readonly explorer: Handler
}

export const bodyLimit = 1024 * 1024
/** Texts that clients may name by their hash from then on (automatic persisted queries). */
const maxLearned = 1_000

export type Parameters = { query?: string; operationName?: string; variables?: Record<string, unknown>; extensions?: Record<string, unknown>; id?: string; documentId?: string }

export function graphqlHandler({ callers, persisted, apollo, streams, explorer, admit, operations, share }: Deps): Handler {
  const learned = new Bounded<string>(maxLearned)

  return async (exchange) => {
    const { request, url } = exchange
    if (request.method === 'GET' && !url.search && request.headers.accept?.includes('text/html')) return explorer(exchange)
    try {
      const session = await callers.sessions.open(request.headers.authorization)
      await admit(session, request.socket.remoteAddress)
      const parameters = await readParameters(exchange)
      if (request.headers.accept?.includes('subscriptionSpec')) return await streams.serve(exchange, session, parameters, multipart)
      const inParts = request.method === 'POST' && takesParts(request.headers.accept)
      const prepared = persisted.find(parameters, session.actor) ?? (request.method === 'POST' ? ownWords(parameters, inParts) : undefined)
      if (!prepared) return await throughApollo(exchange, session, parameters)
      if (request.method === 'GET' && prepared.type !== 'query') throw new AppError('INVALID_INPUT', 'a GET request may only run a query', {}, { http: 405 })
      const answer = await callers.run(session, exchange, prepared, parameters.variables, async (caller) => {
        const parts = inParts ? await prepared.respondInParts(caller, parameters.variables) : undefined
        if (parts) return sendParts(exchange, parts)
        const respond = () => prepared.respond(caller, parameters.variables)
        return share ? share(prepared, parameters.variables, respond) : respond()
      })
      if ('body' in answer) answerTo(exchange, answer, request.method === 'GET' && answer.errors.length === 0 ? prepared : undefined)
    } catch (error) {
      answerTo(exchange, responseOf({ errors: graphqlErrors(error) }), undefined, error instanceof AppError && error.row.http !== 422 ? error.row.http : undefined)
      if (!(error instanceof AppError || error instanceof GraphQLError || error instanceof AggregateError)) throw error
    }
  }

  /** What does not need Apollo Server: a text it has learned under this hash, and one that defers, which it does not do. */
  function ownWords({ query, operationName, extensions }: Parameters, inParts: boolean): Prepared | undefined {
    const text = query === undefined ? learned.get(hashOf(extensions) ?? '') : inParts && query.includes('@defer') ? query : undefined
    return text === undefined ? undefined : operations().fromClient(text, operationName)
  }

  async function throughApollo(exchange: Exchange, session: Session, parameters: Parameters): Promise<void> {
    const { request, response, url } = exchange
    const headers = new HeaderMap()
    for (const [name, value] of Object.entries(request.headers)) if (value !== undefined) headers.set(name, String(value))
    const context: ApolloContext = { session, exchange, outcome: {} }
    const result = await apollo.executeHTTPGraphQLRequest({
      httpGraphQLRequest: { method: request.method ?? 'POST', headers, search: url.search, body: request.method === 'GET' ? undefined : parameters },
      context: async () => context,
    })
    const body = result.body.kind === 'complete' ? result.body.string : ''
    const hash = hashOf(parameters.extensions)
    // it has compared text and hash
    if (hash !== undefined && parameters.query && (result.status ?? 200) === 200) learned.set(hash, parameters.query)
    // Apollo Server has one status for whatever did not run
    const status = result.status === 400 && context.outcome.refusal ? statusOf(context.outcome.refusal) : (result.status ?? 200)
    send(response, status, body, { ...Object.fromEntries(result.headers), 'cache-control': 'no-store' })
  }
}

const hashOf = (extensions: Parameters['extensions']): string | undefined => {
  const hash = (extensions?.['persistedQuery'] as { sha256Hash?: unknown } | undefined)?.sha256Hash
  return typeof hash === 'string' ? hash : undefined
}

/** The request as JSON, or as the parameters of the address. What is null counts as left out. */
export async function readParameters({ request, url }: Exchange): Promise<Parameters> {
  if (request.method === 'GET') return fromSearch(url)
  const body = await readJson(request, bodyLimit)
  const found: Record<string, unknown> = {}
  for (const [name, type] of Object.entries(parameterTypes)) {
    const value = body[name]
    if (value === undefined || value === null) continue
    if (typeof value !== type || Array.isArray(value)) throw new AppError('INVALID_INPUT', `"${name}" must be ${type === 'object' ? 'an object' : 'a string'}`, { field: name })
    found[name] = value
  }
  return found as Parameters
}

const parameterTypes = { query: 'string', operationName: 'string', id: 'string', documentId: 'string', variables: 'object', extensions: 'object' } as const

function fromSearch(url: URL): Parameters {
  const json = (name: string): Record<string, unknown> | undefined => {
    const text = url.searchParams.get(name)
    if (!text) return undefined
    try {
      return JSON.parse(text) as Record<string, unknown>
    } catch {
      throw new AppError('INVALID_INPUT', `the parameter "${name}" is not JSON`, { field: name })
    }
  }
  const found: Parameters = {}
  for (const name of ['query', 'operationName', 'id', 'documentId'] as const) {
    const value = url.searchParams.get(name)
    if (value) found[name] = value
  }
  const variables = json('variables')
  const extensions = json('extensions')
  return { ...found, ...(variables && { variables }), ...(extensions && { extensions }) }
}

function answerTo({ request, response }: Exchange, { body, encoding, errors, ran }: Response, cacheable: Prepared | undefined, status?: number): void {
  const modern = request.headers.accept?.includes('application/graphql-response+json') ?? false
  const code = status ?? (ran ? 200 : statusOf(errors))
  send(response, code, body, {
    'content-type': modern ? 'application/graphql-response+json; charset=utf-8' : 'application/json; charset=utf-8',
    'cache-control': cacheable?.publicMaxAge !== undefined ? `public, max-age=${cacheable.publicMaxAge}` : 'no-store',
    ...(code === 401 && { 'www-authenticate': 'Bearer' }),
    ...(code === 429 && { 'retry-after': String(errors[0]?.extensions['retryAfterSeconds']) }),
  }, encoding)
}
