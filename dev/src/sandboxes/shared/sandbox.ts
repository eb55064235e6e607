import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import Fastify, { type FastifyError, type FastifyInstance } from 'fastify'
import { Faults, pathOf } from './faults.ts'
import { activity, html, page, type Html } from './page.ts'
import { Store } from './store.ts'
import { Traffic } from './traffic.ts'
import { WebhookQueue, type WebhookOptions } from './webhooks.ts'

/** What every sandbox is started with. */
export interface SandboxOptions {
  /** Folder of its state; the file in it is named after the sandbox. */
  dataDir: string
  /** 127.0.0.1 by default. */
  host?: string
  /** 0, the default, takes a free port. */
  port?: number
  /** Base URL that webhooks are sent to; none are sent without it. */
  publicUrl?: string | undefined
  /** First and longest pause between attempts to deliver: 500 ms and one minute by default. */
  backoff?: { firstMs: number; maxMs: number }
}

export interface Sandbox {
  url: string
  close(): Promise<void>
}

/** What one sandbox is: its name, a sentence about it, its error shape, and how it signs what it sends. */
export interface SandboxDefinition extends Omit<WebhookOptions, 'store' | 'faults' | 'traffic' | 'backoff'> {
  name: string
  about: Html
  /** What its page shows between the text about it and the traffic. */
  details?(): Html
  errorBody(status: number, message: string, field?: string): object
}

export interface Workshop {
  app: FastifyInstance
  store: Store
  webhooks: WebhookQueue
  url(): string
  /** Serves. Routes are added before. */
  listen(): Promise<Sandbox>
}

/** A server with state, webhooks, faults, a health check and a page: all a sandbox needs but its own routes. */
export function createSandbox(definition: SandboxDefinition, options: SandboxOptions): Workshop {
  const { name, about, details, errorBody, ...delivery } = definition
  const store = new Store(join(options.dataDir, `${name}.jsonl`))
  const faults = new Faults()
  const traffic = new Traffic()
  const webhooks = new WebhookQueue({ ...delivery, store, faults, traffic, ...(options.backoff && { backoff: options.backoff }) })
  const host = options.host ?? '127.0.0.1'
  const app = Fastify({
    forceCloseConnections: true, // calls a fault never answers must not hold up closing
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false } },
  })
  const reachable = ['0.0.0.0', '::'].includes(host) ? 'localhost' : host
  const url = (): string => `http://${reachable}:${(app.server.address() as AddressInfo).port}`

  app.setErrorHandler(async (error: FastifyError, _request, reply) => {
    const status = error.statusCode ?? 500
    const field = error.validation?.[0] && fieldOf(error.validation[0])
    if (status >= 500) process.stderr.write(`${name} sandbox: ${error.stack}\n`)
    return reply.code(status).send(errorBody(status, error.message, field))
  })
  app.setNotFoundHandler(async (request, reply) => {
    return reply.code(404).send(errorBody(404, `No such endpoint: ${request.method} ${pathOf(request)}`))
  })
  app.addHook('onResponse', async (request, reply) => {
    const path = pathOf(request)
    if (path === '/' || path === '/health') return
    traffic.add({
      direction: 'in',
      method: request.method,
      path,
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime),
      ...(request.fault && { note: `fault: ${request.fault.kind}` }),
    })
  })
  app.get('/health', async () => ({ status: 'ok', sandbox: name, pendingDeliveries: webhooks.pending }))
  faults.install(app, (status) => errorBody(status, 'The sandbox was told to fail here.'))

  app.get('/', async (_request, reply) => {
    const recent = activity(traffic.entries, faults.list(), webhooks.pending)
    const content = html`<h1>${name} sandbox</h1><p>${about}</p>${details?.()}${recent}`
    return reply.type('text/html; charset=utf-8').send(page(`${name} sandbox`, content, 10))
  })

  return {
    app,
    store,
    webhooks,
    url,
    async listen() {
      await app.listen({ host, port: options.port ?? 0 })
      webhooks.start()
      return {
        url: url(),
        async close() {
          webhooks.stop()
          await app.close()
          store.close()
        },
      }
    },
  }
}

/** `patient.dateOfBirth`: where in the body a validation failed. */
const fieldOf = ({ instancePath, params }: NonNullable<FastifyError['validation']>[number]): string =>
  [...instancePath.split('/').slice(1), params['missingProperty'] ?? params['additionalProperty']].filter(Boolean).join('.')
