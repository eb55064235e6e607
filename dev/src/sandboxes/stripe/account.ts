import type { Store, Table } from '../shared/store.ts'
import type { WebhookQueue } from '../shared/webhooks.ts'
import { newId } from '../shared/ids.ts'
import { missing } from './errors.ts'
import { API_VERSION } from './objects.ts'
import type { Charge, Customer, Dispute, Event, PaymentIntent, PaymentMethod, Refund, SetupIntent } from './objects.ts'

/** What Stripe knows about a saved card and never tells: which test card it is, and whether it was set up for later. */
export interface CardBehaviour {
  token: string
  savedForLater: boolean
}

/** A 3-D Secure challenge under way. */
export interface Challenge {
  intent: string
  returnUrl: string | null
  outcome?: 'succeeded' | 'failed'
}

/** The events our one endpoint is subscribed to; the others only appear in the event list. */
const SUBSCRIBED = new Set([
  'payment_intent.created',
  'payment_intent.requires_action',
  'payment_intent.processing',
  'payment_intent.amount_capturable_updated',
  'payment_intent.succeeded',
  'payment_intent.payment_failed',
  'payment_intent.canceled',
  'charge.captured',
  'charge.expired',
  'charge.updated',
  'charge.refunded',
  'charge.dispute.created',
  'charge.dispute.closed',
  'refund.created',
  'refund.updated',
  'refund.failed',
  'setup_intent.succeeded',
])

/** One Stripe account: everything in it, and the events it tells the world. */
export class Account {
  readonly customers: Table<Customer>
  readonly paymentMethods: Table<PaymentMethod>
  readonly cards: Table<CardBehaviour>
  readonly paymentIntents: Table<PaymentIntent>
  readonly setupIntents: Table<SetupIntent>
  readonly challenges: Table<Challenge>
  readonly charges: Table<Charge>
  readonly refunds: Table<Refund>
  readonly disputes: Table<Dispute>
  readonly events: Table<Event>
  /** Payments still to be kept in `processing`, set through the control API. */
  slowPayments = 0
  /** The call being served; events name it. */
  request: Event['request'] = { id: null, idempotency_key: null }

  readonly #webhooks: WebhookQueue
  readonly #webhookUrl: string | undefined
  readonly #url: () => string

  constructor(store: Store, webhooks: WebhookQueue, webhookUrl: string | undefined, url: () => string) {
    this.customers = store.table('customers')
    this.paymentMethods = store.table('payment_methods')
    this.cards = store.table('cards')
    this.paymentIntents = store.table('payment_intents')
    this.setupIntents = store.table('setup_intents')
    this.challenges = store.table('challenges')
    this.charges = store.table('charges')
    this.refunds = store.table('refunds')
    this.disputes = store.table('disputes')
    this.events = store.table('events')
    this.#webhooks = webhooks
    this.#webhookUrl = webhookUrl
    this.#url = url
  }

  /** Unix seconds. */
  now(): number {
    return Math.floor(Date.now() / 1000)
  }

  challengeUrl(id: string): string {
    return `${this.#url()}/3d_secure/${id}`
  }

  /** Records an event about `object` as it now is, and sends it where it is subscribed to. */
  emit(type: string, object: { id: string }, previous?: object): void {
    const sent = this.#webhookUrl !== undefined && SUBSCRIBED.has(type)
    const event: Event = {
      id: newId('evt'),
      object: 'event',
      api_version: API_VERSION,
      created: this.now(),
      data: { object, ...(previous && { previous_attributes: previous }) },
      livemode: false,
      pending_webhooks: sent ? 1 : 0,
      request: this.request,
      type,
    }
    this.events.put(event.id, event)
    if (sent) this.send(event)
  }

  send(event: Event): void {
    if (this.#webhookUrl === undefined) return
    const about = event.data.object as { id: string; payment_intent?: string }
    this.#webhooks.enqueue({
      url: this.#webhookUrl,
      body: JSON.stringify(event, null, 2),
      contentType: 'application/json; charset=utf-8',
      event: event.type,
      key: about.payment_intent ?? about.id,
      subject: event.id,
    })
  }

  /** An event as it reads now: `pending_webhooks` falls to 0 once delivered. */
  event(id: string): Event | undefined {
    const event = this.events.get(id)
    return event && { ...event, pending_webhooks: this.#webhooks.isPending(id) ? 1 : 0 }
  }
}

/** The object in `table`, or Stripe's complaint that there is none: 404 when the id is the path's, else 400. */
export function find<T extends object>(table: Table<T>, object: string, id: string, param: string, status: 400 | 404 = 400): T {
  const found = table.get(id)
  if (!found) throw missing(object, id, param, status)
  return found
}
