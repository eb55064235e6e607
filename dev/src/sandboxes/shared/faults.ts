import { randomUUID } from 'node:crypto'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { sleep } from './sleep.ts'

/** What goes wrong: see SIDES for what befalls calls to the sandbox and what the webhooks it sends. */
export type FaultKind = 'error' | 'timeout' | 'drop-after-commit' | 'delay' | 'duplicate' | 'reorder' | 'drop'

/** A fault as asked for: it befalls the next `times` things that match, then it is spent. */
export interface FaultRequest {
  kind: FaultKind
  /** All given parts must match; `path` and `event` are regular expressions. `event` is a webhook's type. */
  match?: { method?: string; path?: string; event?: string }
  /** HTTP status of an `error`, 500 by default. */
  status?: number
  /** Length of a `delay` (1000 by default), or the longest a `reorder` holds a webhook back (2000). */
  delayMs?: number
  /** 1 by default. */
  times?: number
}

export interface Fault extends FaultRequest {
  id: string
  times: number
}

type Side = 'call' | 'webhook'

const SIDES: Record<FaultKind, readonly Side[]> = {
  error: ['call'], // answered with `status`, nothing done
  timeout: ['call'], // never answered, nothing done
  'drop-after-commit': ['call'], // done, then the connection is cut: the caller cannot know
  delay: ['call', 'webhook'], // done or sent later
  duplicate: ['webhook'], // delivered twice
  reorder: ['webhook'], // delivered after a later one
  drop: ['webhook'], // never delivered
}

const SCHEMA = {
  type: 'object',
  required: ['kind'],
  additionalProperties: false,
  properties: {
    kind: { enum: Object.keys(SIDES) },
    match: {
      type: 'object',
      additionalProperties: false,
      properties: {
        method: { type: 'string' },
        path: { type: 'string', format: 'regex' },
        event: { type: 'string', format: 'regex' },
      },
    },
    status: { type: 'integer', minimum: 400, maximum: 599 },
    delayMs: { type: 'integer', minimum: 0, maximum: 3_600_000 },
    times: { type: 'integer', minimum: 1 },
  },
}

declare module 'fastify' {
  interface FastifyRequest {
    fault?: Fault | undefined
  }
}

/** The faults of one sandbox. They live in memory only: a restart heals. */
export class Faults {
  #faults: Fault[] = []

  add(request: FaultRequest): Fault {
    const fault = { times: 1, ...request, id: randomUUID() }
    this.#faults.push(fault)
    return fault
  }

  list(): readonly Fault[] {
    return this.#faults
  }

  clear(): void {
    this.#faults = []
  }

  /** The first fault that fits, used up by one. */
  take(side: Side, what: { method: string; path: string; event?: string }): Fault | undefined {
    const fits = ({ kind, match }: Fault): boolean =>
      SIDES[kind].includes(side) &&
      (!match?.method || match.method.toUpperCase() === what.method) &&
      (!match?.path || new RegExp(match.path).test(what.path)) &&
      (!match?.event || new RegExp(match.event).test(what.event ?? ''))
    const fault = this.#faults.find(fits)
    if (fault && --fault.times === 0) this.#faults = this.#faults.filter((other) => other !== fault)
    return fault
  }

  /** Serves `/control/faults` and lets faults befall every other call. `errorBody` is the sandbox's error shape. */
  install(app: FastifyInstance, errorBody: (status: number) => object): void {
    app.post<{ Body: FaultRequest }>('/control/faults', { schema: { body: SCHEMA } }, async (request, reply) => {
      return reply.code(201).send(this.add(request.body))
    })
    app.get('/control/faults', async () => ({ faults: this.list() }))
    app.delete('/control/faults', async (_request, reply) => {
      this.clear()
      return reply.code(204).send()
    })

    app.addHook('onRequest', async (request, reply) => {
      if (!canFail(request)) return
      request.fault = this.take('call', { method: request.method, path: pathOf(request) })
      if (request.fault?.kind === 'timeout') reply.hijack()
      if (request.fault?.kind === 'error') {
        const status = request.fault.status ?? 500
        return reply.code(status).send(errorBody(status))
      }
    })
    // After preValidation, where a sandbox takes its idempotency lock: a retry during the delay meets the first call.
    app.addHook('preHandler', async (request) => {
      if (request.fault?.kind === 'delay') await sleep(request.fault.delayMs ?? 1000)
    })
    app.addHook('onSend', async (request, _reply, payload) => {
      if (request.fault?.kind === 'drop-after-commit') request.raw.socket.destroy()
      return payload
    })
  }
}

export const pathOf = (request: FastifyRequest): string => request.url.split('?', 1)[0] ?? '/'

/** The page, the health check, the control API and a browser's preflight are beyond faults. */
const canFail = (request: FastifyRequest): boolean => request.method !== 'OPTIONS' && !/^\/($|health$|control\/)/.test(pathOf(request))
