import Stripe from 'stripe'
import { AppError, optionalSetting, setting } from '@pharmagraph/platform'
import type { Authorization, DisputeNews, MethodDetails, Intent, IntentNews, PaymentPort, ProviderEvent, RefundState, Refusal } from './port.ts'

/** Stripe recommends five minutes against replays: https://docs.stripe.com/webhooks#replay-attacks */
const signatureToleranceSeconds = 300

export type StripeSettings = { apiKey: string; webhookSecret: string; apiBase?: string | undefined; returnUrl: string }

export const stripeSettings = (): StripeSettings => ({
  apiKey: setting('STRIPE_API_KEY'),
  webhookSecret: setting('STRIPE_WEBHOOK_SECRET'),
  apiBase: optionalSetting('STRIPE_API_BASE'),
  returnUrl: setting('STRIPE_RETURN_URL', 'http://127.0.0.1:4000/'),
})

/** The real payments; `apiBase` points the same client at a stand-in. */
export function stripePayments({ apiKey, webhookSecret, apiBase, returnUrl }: StripeSettings): PaymentPort {
  const base = apiBase ? new URL(apiBase) : undefined
  const stripe = new Stripe(apiKey, {
    maxNetworkRetries: 2,
    timeout: 10_000,
    telemetry: false,
    appInfo: { name: 'pharmagraph-orders' },
    ...(base && { host: base.hostname, port: base.port || (base.protocol === 'https:' ? 443 : 80), protocol: base.protocol === 'https:' ? 'https' : 'http' }),
  })
  const whole = { expand: ['latest_charge', 'latest_charge.refunds'] }
  const find = async (id: string): Promise<Intent> => toIntent(await stripe.paymentIntents.retrieve(id, whole).catch(withoutSecrets))

  /**
   * The intent after `act`. Stripe answers a repeated idempotency key with what was true the first time, and a decline
   * with an intent in short form: in both cases the intent is read anew.
   */
  async function intentAfter(act: () => Promise<Stripe.Response<Stripe.PaymentIntent>>): Promise<Intent> {
    try {
      const intent = await act()
      return intent.lastResponse.headers['idempotent-replayed'] === 'true' ? await find(intent.id) : toIntent(intent)
    } catch (error) {
      const id = error instanceof Stripe.errors.StripeError ? error.payment_intent?.id : undefined
      return id && (isDecline(error) || isUnexpectedState(error)) ? find(id) : withoutSecrets(error)
    }
  }

  async function describe(id: string): Promise<MethodDetails> {
    const { card } = await stripe.paymentMethods.retrieve(id).catch(withoutSecrets)
    if (!card) throw new AppError('INTERNAL', 'a payment method that is no card cannot be saved')
    return { id, brand: card.brand, last4: card.last4, expMonth: card.exp_month, expYear: card.exp_year }
  }

  const authorize = ({ orderId, attempt, amountMinor, currency, paymentMethodId, customerId, offSession, intentId }: Authorization) =>
    intentAfter(async () => {
      const customer = customerId ? { customer: customerId } : {}
      const confirmation = paymentMethodId ? { payment_method: paymentMethodId, ...(offSession ? { off_session: true } : {}), return_url: `${returnUrl}?order=${orderId}` } : {}
      const options = { idempotencyKey: `${orderId}:authorize:${attempt}` }
      if (intentId && customerId) await stripe.paymentIntents.update(intentId, customer)
      if (intentId) return stripe.paymentIntents.confirm(intentId, { ...confirmation, ...whole }, options)
      return stripe.paymentIntents.create(
        {
          amount: amountMinor,
          currency: currency.toLowerCase(),
          capture_method: 'manual',
          allowed_payment_method_types: ['card'],
          payment_method_options: { card: { request_multicapture: 'if_available' } },
          metadata: { orderId, attempt: String(attempt) },
          ...customer,
          ...(paymentMethodId && { ...confirmation, confirm: true }),
          ...whole,
        },
        options,
      )
    })

  return {
    find,
    authorize: (request) => authorize(request).then((intent) => ({ intent }), refused),
    capture: ({ orderId, intentId, number, amountMinor, final }) =>
      intentAfter(() =>
        stripe.paymentIntents.capture(
          intentId, { amount_to_capture: amountMinor, ...(final ? {} : { final_capture: false }), ...whole }, { idempotencyKey: `${orderId}:capture:${intentId}:${number}` },
        )),
    cancel: ({ orderId, attempt, intentId }) =>
      intentAfter(() => stripe.paymentIntents.cancel(intentId, whole, { idempotencyKey: `${orderId}:cancel:${attempt}` })),
    refund: ({ orderId, intentId, key, amountMinor }) =>
      stripe.refunds
        .create({ payment_intent: intentId, amount: amountMinor, metadata: { orderId, key } }, { idempotencyKey: `${orderId}:refund:${key}` })
        .catch(withoutSecrets)
        .then((refund) => ({ id: refund.id, state: refundStateOf(refund), failureCode: refund.failure_reason ?? null }), refused),
    openCustomer: async (patientId) =>
      (await stripe.customers.create({ metadata: { patientId } }, { idempotencyKey: `${patientId}:customer` }).catch(withoutSecrets)).id,
    startSetup: async ({ customerId, key }) =>
      toSetup(await stripe.setupIntents.create({ customer: customerId, usage: 'off_session', allowed_payment_method_types: ['card'] }, { idempotencyKey: key }).catch(withoutSecrets)),
    async saveMethod({ customerId, paymentMethodId, key }) {
      try {
        const setup = await stripe.setupIntents.create(
          { customer: customerId, usage: 'off_session', allowed_payment_method_types: ['card'], payment_method: paymentMethodId, confirm: true, return_url: returnUrl },
          { idempotencyKey: key },
        )
        const id = idOf(setup.payment_method)
        return setup.status === 'succeeded' && id ? { method: await describe(id) } : { setup: toSetup(setup) }
      } catch (error) {
        if (isRefusal(error)) return { refusal: { code: refusalCodeOf(error), message: (error as Error).message } }
        return withoutSecrets(error)
      }
    },
    describeMethod: describe,
    forgetMethod: (id) => stripe.paymentMethods.detach(id).then(() => {}, (error: unknown) => (isGone(error) ? undefined : withoutSecrets(error))),
    readEvent(body, signature) {
      let event: Stripe.Event
      try {
        event = stripe.webhooks.constructEvent(body, signature ?? '', webhookSecret, signatureToleranceSeconds)
      } catch {
        throw new AppError('BAD_SIGNATURE', 'the Stripe-Signature does not fit the body')
      }
      const saved = savedOf(event)
      return { id: event.id, type: event.type, news: newsOf(event), ...(saved ? { saved } : {}) } satisfies ProviderEvent
    },
  }
}

const toSetup = ({ id, client_secret: clientSecret, next_action: action }: Stripe.SetupIntent) => ({
  id, clientSecret, nextActionUrl: action?.redirect_to_url?.url ?? null,
})
const refusalCodeOf = (error: unknown): string => {
  const { decline_code: declined, code } = error as { decline_code?: string; code?: string }
  return (declined ?? code ?? 'refused').toUpperCase()
}
/** Detached or deleted before. */
const isGone = (error: unknown): boolean => error instanceof Stripe.errors.StripeInvalidRequestError

function savedOf({ type, data }: Stripe.Event): ProviderEvent['saved'] {
  if (type !== 'setup_intent.succeeded') return undefined
  const { customer, payment_method: method } = data.object as Stripe.SetupIntent
  const [customerId, paymentMethodId] = [idOf(customer), idOf(method)]
  return customerId && paymentMethodId ? { customerId, paymentMethodId } : undefined
}

const isDecline = (error: unknown): boolean => error instanceof Stripe.errors.StripeCardError
const isUnexpectedState = (error: unknown): boolean =>
  error instanceof Stripe.errors.StripeInvalidRequestError && error.code === 'payment_intent_unexpected_state'

/**
 * Errors of the client carry the whole answer, client secret and all, and would be logged with it. What leaves here
 * names the request and, where the request itself was refused, why.
 */
function withoutSecrets(error: unknown): never {
  if (!(error instanceof Stripe.errors.StripeError)) throw error
  const { type, code = 'no code', requestId = 'no request id' } = error
  const refusal = isRefusal(error) ? { refusal: { code: code.toUpperCase(), message: error.message } satisfies Refusal } : {}
  throw new AppError('UNAVAILABLE', `Stripe: ${type}, ${code}, ${requestId}`, refusal)
}
const isRefusal = (error: unknown): boolean =>
  error instanceof Stripe.errors.StripeInvalidRequestError || error instanceof Stripe.errors.StripeCardError

/** The answer to a request that is refused as such; anything else (network, rate limit, wrong key) is thrown and tried again. */
function refused(error: unknown): { refusal: Refusal } {
  const refusal = error instanceof AppError ? error.details['refusal'] : undefined
  if (refusal) return { refusal: refusal as Refusal }
  throw error
}

function toIntent(intent: Stripe.PaymentIntent): Intent {
  const charge = typeof intent.latest_charge === 'object' ? intent.latest_charge : null
  const captureBefore = charge?.payment_method_details?.card?.capture_before
  return {
    ...identityOf(intent),
    status: intent.status as Intent['status'],
    authorizedMinor: intent.amount_capturable,
    capturedMinor: intent.amount_received,
    refundedMinor: charge ? refundedOf(charge) : 0,
    clientSecret: intent.client_secret,
    nextActionUrl: nextActionUrlOf(intent.next_action),
    multicapture: charge && intent.status === 'requires_capture' ? charge.payment_method_details?.card?.multicapture?.status === 'available' : null,
    captureBefore: captureBefore ? new Date(captureBefore * 1000).toISOString() : null,
    lapsed: intent.status === 'canceled' && lapses.includes(intent.cancellation_reason ?? ''),
    failure: failureOf(intent.last_payment_error),
  }
}

/** Not cancelled by us: the authorisation ran out. `automatic` is its name before API version 2025-03-31. */
const lapses = ['expired', 'automatic']

const identityOf = ({ id, metadata }: { id: string; metadata: Stripe.Metadata | null }) => ({
  id, orderId: metadata?.['orderId'] ?? null, attempt: Number(metadata?.['attempt'] ?? 0),
})

/**
 * The money given back. Before API version 2025-03-31 a hold's uncaptured rest counted as refunded too, by a refund of
 * type `reversal`; since then it does not. https://docs.stripe.com/changelog/basil
 */
function refundedOf({ captured, amount_refunded: refunded, refunds }: Stripe.Charge): number {
  const reversals = refunds?.data.filter(({ destination_details: to }) => to?.card?.type === 'reversal') ?? []
  return captured ? reversals.reduce((rest, { amount }) => rest - amount, refunded) : 0
}

const refundStateOf = ({ status }: Stripe.Refund): RefundState =>
  status === 'succeeded' ? 'SUCCEEDED' : status === 'failed' || status === 'canceled' ? 'FAILED' : 'PENDING'

const failureOf = (error: Stripe.PaymentIntent.LastPaymentError | null): Intent['failure'] =>
  error ? { code: (error.decline_code ?? error.code ?? 'payment_failed').toUpperCase(), message: error.message ?? 'The payment did not go through.' } : null

function nextActionUrlOf(action: Stripe.PaymentIntent.NextAction | null): string | null {
  if (action?.redirect_to_url?.url) return action.redirect_to_url.url
  const inPage = action?.use_stripe_sdk as { stripe_js?: unknown } | undefined
  return typeof inPage?.stripe_js === 'string' ? inPage.stripe_js : null
}

/**
 * Events carry the object as it was then. An intent event tells status and amounts but has no expanded charge; a charge
 * or refund event tells amounts, or only which intent it concerns.
 */
function newsOf(event: Stripe.Event): IntentNews | undefined {
  const object = event.data.object as { object: string }
  if (object.object === 'payment_intent') {
    const { refundedMinor: _refunded, captureBefore: _before, multicapture: _several, clientSecret: _secret, ...told } = toIntent(object as Stripe.PaymentIntent)
    return told
  }
  if (object.object === 'charge') {
    const charge = object as Stripe.Charge
    const intentId = idOf(charge.payment_intent)
    if (!intentId) return undefined
    // one that may be captured in parts does not tell whether more is to come
    const amounts = charge.captured && charge.payment_method_details?.card?.multicapture?.status !== 'available' ? { status: 'succeeded' as const, capturedMinor: charge.amount_captured, refundedMinor: refundedOf(charge) } : {}
    return { ...identityOf({ id: intentId, metadata: charge.metadata }), ...amounts }
  }
  if (object.object === 'refund') {
    const refund = object as Stripe.Refund
    const intentId = idOf(refund.payment_intent)
    return intentId ? { ...identityOf({ id: intentId, metadata: refund.metadata }), refund: { key: refund.metadata?.['key'] ?? '', state: refundStateOf(refund) } } : undefined
  }
  if (object.object === 'dispute') {
    const dispute = object as Stripe.Dispute
    const intentId = idOf(dispute.payment_intent)
    const status = intentId && disputeStatusOf(dispute)
    if (!intentId || !status) return undefined
    return {
      ...identityOf({ id: intentId, metadata: null }),
      dispute: {
        id: dispute.id, status, amountMinor: dispute.amount, currency: dispute.currency.toUpperCase(), reasonCode: dispute.reason.toUpperCase(),
        openedAt: new Date(dispute.created * 1000).toISOString(), at: new Date(event.created * 1000).toISOString(),
      },
    }
  }
  return undefined
}

/** An inquiry (`warning_…`) moves no money: it is answered in the provider's dashboard. */
function disputeStatusOf({ status }: Stripe.Dispute): DisputeNews['status'] | undefined {
  if (status.startsWith('warning')) return undefined
  return status === 'won' ? 'WON' : status === 'lost' ? 'LOST' : 'OPEN'
}

const idOf = (reference: string | { id: string } | null): string | null => (typeof reference === 'object' ? (reference?.id ?? null) : reference)
