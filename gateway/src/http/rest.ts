/** The REST names partners know: persisted operations under another name, so one implementation answers both. */
import { GraphQLError } from 'graphql'
import { AppError } from '@pharmagraph/platform/errors.ts'
import type { Callers } from '../callers.ts'
import type { Admit } from '../identity/rate-limits.ts'
import type { Graph } from '../supergraph/graph.ts'
import type { PersistedOperations } from '../operations/persisted.ts'
import { readJson, sendJson, type Exchange } from './exchange.ts'
import { openApi, type Named } from './openapi.ts'
import type { Route } from './router.ts'
import { bodyLimit } from './graphql.ts'

type Values = Record<string, unknown>
/** `operation` is the name of one in schema/operations/partner. */
type Endpoint = Named & {
  readonly method: 'GET' | 'POST' | 'PUT'
  readonly variables: (given: { params: Values; query: Values; body: Values }) => Values
}

const page = (query: Values): Values => ({ first: query['first'] === undefined ? undefined : Number(query['first']), after: query['after'] })

const endpoints: readonly Endpoint[] = [
  { method: 'POST', path: '/patients/register', operation: 'RegisterPatient', status: 201, variables: ({ body }) => ({ input: body }) },
  {
    method: 'GET', path: '/patients/:patientId/prescriptions', operation: 'PatientPrescriptions', query: { filter: 'filter', first: 'first', after: 'after' },
    variables: ({ params, query }) => ({ patientId: params['patientId'], filter: query['filter'] === undefined ? undefined : String(query['filter']).toUpperCase(), ...page(query) }),
  },
  { method: 'POST', path: '/prescriptions/submit', operation: 'SubmitPrescription', status: 201, variables: ({ body }) => ({ input: body }) },
  {
    method: 'GET', path: '/drugs/search', operation: 'SearchDrugs', query: { search: 'search', first: 'first', after: 'after' },
    variables: ({ query }) => ({ search: query['search'] ?? query['q'] ?? query['name'] ?? query['ndc'], ...page(query) }),
  },
  { method: 'POST', path: '/cart/checkout', operation: 'Checkout', status: 201, variables: ({ body }) => ({ input: body }) },
  { method: 'GET', path: '/orders/:orderId/status', operation: 'OrderStatus', variables: ({ params }) => ({ orderId: params['orderId'] }) },
  { method: 'PUT', path: '/inventory/:drugId/adjust', operation: 'AdjustInventory', fromPath: ['drugId'], variables: ({ params, body }) => ({ input: { ...body, drugId: params['drugId'] } }) },
]

export function restRoutes(callers: Callers, persisted: PersistedOperations, admit: Admit, graph: () => Graph): Route[] {
  const document: Route = {
    method: 'GET', path: '/openapi.json',
    handle: async ({ response }) => sendJson(response, 200, openApi(graph().schema, endpoints, (operation) => persisted.textOf('partner', operation)), { 'cache-control': 'public, max-age=300' }),
  }
  return [document, ...endpoints.map((endpoint): Route => ({
    method: endpoint.method,
    path: endpoint.path,
    async handle(exchange) {
      const session = await callers.sessions.open(exchange.request.headers.authorization)
      await admit(session, exchange.request.socket.remoteAddress)
      const variables = compact(endpoint.variables(await given(exchange, endpoint)))
      const prepared = persisted.named('partner', endpoint.operation)
      const { data, errors } = await callers.run(session, exchange, prepared, variables, (caller) => prepared.execute(caller, variables)).catch(badInput)
      const [value] = Object.values(data ?? {})
      if (value === undefined || value === null) {
        const [error] = errors ?? []
        throw error ? new AppError(String(error.extensions['code']), error.message, {}, { http: statusOf(String(error.extensions['code'])) }) : new AppError('NOT_FOUND', 'there is no such thing, or it is not yours')
      }
      const { __typename, ...answer } = value as Values
      if (isProblem(answer)) throw new AppError(answer.code, answer.message, answer, { http: new AppError(answer.code, '').row.http })
      sendJson(exchange.response, endpoint.status ?? 200, errors ? { ...answer, errors } : answer)
    },
  }))]
}

async function given(exchange: Exchange, { method }: Endpoint): Promise<{ params: Values; query: Values; body: Values }> {
  return {
    params: exchange.params,
    query: Object.fromEntries(exchange.url.searchParams),
    body: method === 'GET' ? {} : await readJson(exchange.request, bodyLimit),
  }
}

const compact = (values: Values): Values => Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))

/** A payload has no code: only the SDL's `Problem` types have code and message side by side. */
const isProblem = (value: Values): value is Values & { code: string; message: string } => typeof value['code'] === 'string' && typeof value['message'] === 'string'

const statusOf = (code: string): number => (code === 'SUBGRAPH_UNAVAILABLE' ? 503 : new AppError(code, '', {}).row.http)

function badInput(error: unknown): never {
  if (error instanceof AggregateError) throw new AppError('INVALID_INPUT', error.errors.map((one: Error) => one.message).join('; '))
  if (error instanceof GraphQLError) throw new AppError(String(error.extensions['code']), error.message, {}, { http: 400 })
  throw error
}
