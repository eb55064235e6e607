import { createHash } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { newId } from '../shared/ids.ts'
import type { Store } from '../shared/store.ts'
import type { Account } from './account.ts'
import { ENDPOINTS, type Endpoint } from './endpoints.ts'
import { Declined, StripeRefusal } from './errors.ts'
import { expanded } from './lists.ts'
import { API_VERSION } from './objects.ts'
import { decodeForm, Params, type Form } from './params.ts'
import { lapseIfOverdue } from './payment-attempt.ts'

/** What an idempotency key was answered. Kept 24 hours: https://docs.stripe.com/api/idempotent_requests */
interface Remembered {
  fingerprint: string
  status: number
  body: string
  requestId: string
  at: number
}
const REMEMBER_SECONDS = 24 * 3600

/** A call that was let in: who asks, what, and under which idempotency key. */
interface Call {
  requestId: string
  fromBrowser: boolean
  params: Params
  idempotency?: { key: string; fingerprint: string }
  replay?: Remembered
}

type Answer = Pick<Remembered, 'status' | 'body'>

/** Serves Stripe's `/v1`: keys, idempotency, errors and headers, around the endpoints. */
export function serveApi(app: FastifyInstance, store: Store, account: Account): void {
  const remembered = store.table<Remembered>('idempotency_keys')
  const inProgress = new Set<string>()
  const calls = new WeakMap<FastifyRequest, Call>()

  store.transaction(() => {
    for (const [key, { at }] of remembered.entries()) if (at < account.now() - REMEMBER_SECONDS) remembered.delete(key)
  })

  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) => done(null, decodeForm(String(body))))

  // Browsers call with the publishable key, as Stripe.js does.
  app.addHook('onRequest', async (request, reply) => {
    if (!request.url.startsWith('/v1/')) return
    void reply.headers({
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'GET, POST',
      'access-control-allow-headers': 'authorization, content-type, idempotency-key, stripe-version',
      'access-control-expose-headers': 'Request-Id',
      'access-control-max-age': '300',
    })
  })
  app.options('/v1/*', async (_request, reply) => reply.code(204).send())

  for (const endpoint of ENDPOINTS) {
    app.route<{ Params: { id?: string } }>({
      method: endpoint.method,
      url: endpoint.path,
      preValidation: admit,
      handler: async (request, reply) => {
        const call = calls.get(request)
        if (!call) throw new Error('A call reached its endpoint without being admitted')
        if (call.replay) {
          void reply.headers({ 'idempotent-replayed': 'true', 'original-request': call.replay.requestId })
          return send(reply, call.replay)
        }
        try {
          return send(reply, run(endpoint, call, request.params.id ?? ''))
        } catch (error) {
          return refuse(reply, error, call)
        } finally {
          if (call.idempotency) inProgress.delete(call.idempotency.key)
        }
      },
    })
  }

  /** Says who calls and takes the idempotency key; a fault's delay comes after, so that a retry finds the key in use. */
  async function admit(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    const requestId = newId('req')
    const version = String(request.headers['stripe-version'] ?? API_VERSION)
    void reply.headers({ 'request-id': requestId, 'stripe-version': version })
    try {
      if (!/^\d{4}-\d{2}-\d{2}(\.[a-z]+)?$/.test(version)) {
        throw new StripeRefusal(400, { type: 'invalid_request_error', message: `Invalid Stripe API version: ${version}` })
      }
      const form = request.method === 'GET' ? decodeForm(request.url.split('?')[1] ?? '') : ((request.body ?? {}) as Form)
      const call: Call = { requestId, params: new Params(form, version), fromBrowser: isPublishable(apiKey(request, form)) }
      const key = request.headers['idempotency-key']
      if (request.method === 'POST' && typeof key === 'string') {
        void reply.headers({ 'idempotency-key': key, 'original-request': requestId })
        claim(key, fingerprint(request.url, form), call)
      }
      calls.set(request, call)
    } catch (error) {
      return refuse(reply, error)
    }
  }

  function claim(key: string, print: string, call: Call): void {
    const before = remembered.get(key)
    if (before && before.at >= account.now() - REMEMBER_SECONDS) {
      if (before.fingerprint !== print) {
        throw new StripeRefusal(400, {
          type: 'idempotency_error',
          message:
            'Keys for idempotent requests can only be used with the same parameters they were first used with. ' +
            `Try using a key other than '${key}' if you meant to execute a different request.`,
        })
      }
      call.replay = before
      return
    }
    if (inProgress.has(key)) {
      throw new StripeRefusal(409, {
        type: 'idempotency_error',
        code: 'idempotency_key_in_use',
        message:
          'There is currently another in-progress request using this Idempotency Key (that probably means you submitted twice, and the ' +
          `other request is still going through): ${key}. Please try again later.`,
      })
    }
    inProgress.add(key)
    call.idempotency = { key, fingerprint: print }
  }

  /** Runs one endpoint; its effects, its events and what its key will be answered are kept together. */
  function run(endpoint: Endpoint, call: Call, id: string): Answer {
    if (id.startsWith('pi_')) store.transaction(() => lapseIfOverdue(account, id))
    return store.transaction(() => {
      const { params } = call
      if (call.fromBrowser) checkBrowserMay(endpoint, params, id)
      params.allow(endpoint.accepts)
      account.request = { id: call.requestId, idempotency_key: call.idempotency?.key ?? null }
      const answer = render(endpoint, call, endpoint.run(account, params, id))
      remember(call, answer)
      return answer
    })
  }

  function render(endpoint: Endpoint, call: Call, result: object | Declined): Answer {
    const show = (object: object): object => (call.fromBrowser ? (endpoint.forBrowsers?.(object as never) ?? object) : object)
    if (!(result instanceof Declined)) return { status: 200, body: JSON.stringify(expanded(account, show(result), call.params.list('expand'))) }
    const { payment_intent, setup_intent } = result.error
    const error = {
      ...result.error,
      ...(payment_intent && { payment_intent: show(payment_intent) }),
      ...(setup_intent && { setup_intent: show(setup_intent) }),
    }
    return { status: result.status, body: JSON.stringify({ error }) }
  }

  function checkBrowserMay(endpoint: Endpoint, params: Params, id: string): void {
    if (!endpoint.forBrowsers) {
      throw new StripeRefusal(403, {
        type: 'invalid_request_error',
        code: 'secret_key_required',
        message: 'This API call cannot be made with a publishable API key. Please use a secret API key.',
      })
    }
    if (!id) return
    const intent = account.paymentIntents.get(id) ?? account.setupIntents.get(id)
    if (!intent || intent.client_secret !== params.required('client_secret')) {
      throw new StripeRefusal(400, {
        type: 'invalid_request_error',
        param: 'client_secret',
        message:
          'The client_secret provided does not match any associated intent on this account. Ensure the provided client_secret and intent ' +
          'belong to the same account.',
      })
    }
  }

  function remember({ idempotency, requestId }: Call, answer: Answer): void {
    if (idempotency) remembered.put(idempotency.key, { fingerprint: idempotency.fingerprint, ...answer, requestId, at: account.now() })
  }

  function refuse(reply: FastifyReply, error: unknown, call?: Call): FastifyReply {
    if (!(error instanceof StripeRefusal)) throw error
    const answer = { status: error.status, body: JSON.stringify({ error: error.error }) }
    if (call && error.remembered) store.transaction(() => remember(call, answer))
    return send(reply, answer)
  }
}

const send = (reply: FastifyReply, { status, body }: Answer): FastifyReply => reply.code(status).type('application/json').send(body)

function apiKey(request: FastifyRequest, form: Form): string {
  const [scheme = '', credentials = ''] = (request.headers.authorization ?? '').split(' ')
  if (scheme === 'Bearer') return credentials
  if (scheme === 'Basic') return Buffer.from(credentials, 'base64').toString().split(':', 1)[0] ?? ''
  return typeof form['key'] === 'string' ? form['key'] : ''
}

function isPublishable(key: string): boolean {
  if (/^pk_test_./.test(key)) return true
  if (/^[sr]k_test_./.test(key)) return false
  throw new StripeRefusal(401, {
    type: 'invalid_request_error',
    message: key
      ? 'Invalid API Key provided. This is a sandbox: it takes test keys only (sk_test_…, rk_test_…, pk_test_…).'
      : 'You did not provide an API key. Provide it in the Authorization header, using Bearer auth.',
  })
}

const fingerprint = (url: string, form: Form): string => createHash('sha256').update(`${url} ${JSON.stringify(sorted(form))}`).digest('base64url')

const sorted = (value: unknown): unknown => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, inner]) => [key, sorted(inner)]))
}
