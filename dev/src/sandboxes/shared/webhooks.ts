import { randomUUID } from 'node:crypto'
import { request } from 'undici'
import type { Faults } from './faults.ts'
import type { Store, Table } from './store.ts'
import type { Traffic } from './traffic.ts'

/** A message on its way out. It stays in the store until the receiver has answered for it. */
export interface Delivery {
  id: string
  url: string
  body: string
  contentType: string
  /** What it is, for people and for faults: an event type, a message type. */
  event: string
  /** Deliveries of one key leave one after another; others overtake. */
  key: string
  /** The sandbox's own record this delivery belongs to. */
  subject: string
  createdAt: number
  dueAt: number
  attempts: number
  /** Sends still to do: 2 under a `duplicate` fault. */
  copies: number
  /** Under a `reorder` fault: due as soon as a later one has gone. */
  held: boolean
}

export type NewDelivery = Pick<Delivery, 'url' | 'body' | 'contentType' | 'event' | 'key' | 'subject'>

/** What became of one attempt: an answer, or the reason there was none. */
export type Answer = { status: number; body: string } | { error: string }

export interface WebhookOptions {
  store: Store
  faults: Faults
  traffic: Traffic
  /** Signs one attempt. Called anew for each, as signatures carry the time. */
  headers(delivery: Delivery): Record<string, string> | Promise<Record<string, string>>
  /** Says whether an answer ends the delivery; runs inside the transaction that records it. 2xx by default. */
  settle?(delivery: Delivery, answer: Answer): 'done' | 'retry'
  /** Told, in the same transaction, when a delivery is abandoned. */
  abandoned?(delivery: Delivery): void
  /** First pause and longest pause between attempts; the pause doubles. */
  backoff?: { firstMs: number; maxMs: number }
}

const CONCURRENCY = 8
const ANSWER_WITHIN_MS = 10_000
/** As Stripe does: https://docs.stripe.com/webhooks#automatic-retries */
const GIVE_UP_AFTER_MS = 3 * 24 * 3_600_000

/**
 * Sends what was enqueued at least once, until it is answered for, across restarts. Enqueue inside the transaction
 * whose outcome it announces; a process killed between an answer and its record sends again.
 */
export class WebhookQueue {
  readonly #options: WebhookOptions
  readonly #deliveries: Table<Delivery>
  readonly #inFlight = new Map<string, string>()
  readonly #stop = new AbortController()
  #timer: NodeJS.Timeout | undefined

  constructor(options: WebhookOptions) {
    this.#options = options
    this.#deliveries = options.store.table('deliveries')
    options.store.onCommit(() => setImmediate(() => this.#pump()))
  }

  /** Sends what an earlier process left behind. */
  start(): void {
    this.#pump()
  }

  stop(): void {
    this.#stop.abort()
    clearTimeout(this.#timer)
  }

  get pending(): number {
    return this.#deliveries.size
  }

  isPending(subject: string): boolean {
    for (const delivery of this.#deliveries.all()) if (delivery.subject === subject) return true
    return false
  }

  enqueue(message: NewDelivery): void {
    const { faults, traffic } = this.#options
    const path = new URL(message.url).pathname
    const fault = faults.take('webhook', { method: 'POST', path, event: message.event })
    const now = Date.now()
    if (fault?.kind === 'drop') {
      traffic.add({ direction: 'out', method: 'POST', path, note: `${message.event}: dropped by a fault` })
      return
    }
    const delivery: Delivery = { ...message, id: randomUUID(), createdAt: now, dueAt: now, attempts: 0, copies: 1, held: false }
    if (fault?.kind === 'delay') delivery.dueAt += fault.delayMs ?? 1000
    if (fault?.kind === 'duplicate') delivery.copies = 2
    if (fault?.kind === 'reorder') {
      delivery.held = true
      delivery.dueAt += fault.delayMs ?? 2000
    }
    this.#deliveries.put(delivery.id, delivery)
  }

  #pump(): void {
    if (this.#stop.signal.aborted) return
    const now = Date.now()
    let next = Infinity
    const waiting = new Set(this.#inFlight.values())
    for (const delivery of this.#deliveries.all()) {
      if (this.#inFlight.size >= CONCURRENCY) break
      if (this.#inFlight.has(delivery.id)) continue
      if (delivery.dueAt > now) next = Math.min(next, delivery.dueAt)
      else if (!waiting.has(delivery.key)) {
        waiting.add(delivery.key)
        this.#inFlight.set(delivery.id, delivery.key)
        void this.#send(structuredClone(delivery))
      }
    }
    clearTimeout(this.#timer)
    if (next < Infinity) this.#timer = setTimeout(() => this.#pump(), next - now).unref()
  }

  async #send(delivery: Delivery): Promise<void> {
    const answer = await this.#attempt(delivery)
    this.#inFlight.delete(delivery.id)
    if (this.#stop.signal.aborted) return // whatever the answer, the next process asks again
    const { store, traffic } = this.#options
    const path = new URL(delivery.url).pathname
    const outcome = 'error' in answer ? answer.error : `attempt ${delivery.attempts + 1}`
    traffic.add({
      direction: 'out',
      method: 'POST',
      path,
      note: `${delivery.event}: ${outcome}`,
      ...('status' in answer && { status: answer.status }),
    })
    store.transaction(() => this.#record(delivery, answer))
    this.#pump()
  }

  async #attempt(delivery: Delivery): Promise<Answer> {
    try {
      const { statusCode, body } = await request(delivery.url, {
        method: 'POST',
        headers: { 'content-type': delivery.contentType, ...(await this.#options.headers(delivery)) },
        body: delivery.body,
        signal: AbortSignal.any([this.#stop.signal, AbortSignal.timeout(ANSWER_WITHIN_MS)]),
      })
      return { status: statusCode, body: await body.text() }
    } catch (error) {
      return { error: (error as Error).message || String((error as NodeJS.ErrnoException).code) }
    }
  }

  #record(delivery: Delivery, answer: Answer): void {
    const settle = this.#options.settle ?? isAccepted
    if (settle(delivery, answer) === 'done') {
      this.#releaseHeldBefore(delivery)
      if (delivery.copies > 1) this.#deliveries.put(delivery.id, { ...delivery, copies: delivery.copies - 1, attempts: 0 })
      else this.#deliveries.delete(delivery.id)
      return
    }
    const now = Date.now()
    if (now - delivery.createdAt > GIVE_UP_AFTER_MS) {
      this.#deliveries.delete(delivery.id)
      this.#options.abandoned?.(delivery)
      return
    }
    const { firstMs, maxMs } = this.#options.backoff ?? { firstMs: 500, maxMs: 60_000 }
    const pause = Math.min(maxMs, firstMs * 2 ** delivery.attempts)
    this.#deliveries.put(delivery.id, { ...delivery, attempts: delivery.attempts + 1, dueAt: now + pause })
  }

  #releaseHeldBefore(sent: Delivery): void {
    for (const earlier of this.#deliveries.all()) {
      if (earlier.id === sent.id) return
      if (earlier.held) this.#deliveries.put(earlier.id, { ...earlier, held: false, dueAt: Date.now() })
    }
  }
}

const isAccepted = (_delivery: Delivery, answer: Answer): 'done' | 'retry' =>
  'status' in answer && answer.status >= 200 && answer.status < 300 ? 'done' : 'retry'
