/** A payment provider in memory, behind the port: what it says of an intent is the truth that tests compare with. */
import { AppError } from '@pharmagraph/platform'
import type { Authorization, Intent, PaymentPort, ProviderEvent, RefundAnswer } from '../src/payments/port.ts'

/** `none` lets one call through. */
export type Failure = 'before' | 'after' | 'none'

export type MemoryProvider = PaymentPort & {
  /** Every event so far, oldest first, as webhooks would carry them. */
  events: ProviderEvent[]
  calls: string[]
  intentOf(orderId: string): Intent
  /** The patient passes or fails at their bank. */
  finishAction(orderId: string, passed: boolean): void
  /** The bank lets the hold go. */
  lapse(orderId: string): void
  /** The card's bank takes money back, or decides. */
  dispute(orderId: string, amountMinor: number, status: 'OPEN' | 'WON' | 'LOST'): void
  /** The bank sends the last refund back. */
  returnRefund(orderId: string, amountMinor: number): void
  /** The next calls fail before or after they take effect, as a network does. */
  failNext(...when: Failure[]): void
}

/** `pm_single` is a card that allows one capture of a hold only. */
type Held = Intent & { amountMinor: number; method?: string }

export function memoryProvider(): MemoryProvider {
  const intents = new Map<string, Held>()
  const answers = new Map<string, { intent: Intent } | { refund: RefundAnswer }>()
  const events: ProviderEvent[] = []
  const calls: string[] = []
  const failures: Failure[] = []
  let sequence = 0

  const copy = (intent: Intent): Intent => structuredClone(intent)
  const emit = (type: string, intent: Intent, only?: 'charge'): void => {
    const { clientSecret: _secret, captureBefore: _before, multicapture: _several, refundedMinor, ...told } = copy(intent)
    const { id, orderId, attempt, status, capturedMinor } = told
    const news = only ? { id, orderId, attempt, ...(status === 'succeeded' && { status, capturedMinor, refundedMinor }) } : told
    events.push({ id: `evt_${++sequence}`, type, news })
  }
  const network = async <T>(call: string, act: () => T): Promise<T> => {
    calls.push(call)
    const failure = failures.shift()
    if (failure === 'before') throw new AppError('UNAVAILABLE', 'the provider cannot be reached')
    const answer = act()
    if (failure === 'after') throw new AppError('UNAVAILABLE', 'the answer was lost')
    return answer
  }
  const get = (id: string) => {
    const intent = intents.get(id)
    if (!intent) throw new AppError('INTERNAL', `no intent ${id}`)
    return intent
  }
  const authorizeNow = (intent: Held): void => {
    Object.assign(intent, { status: 'requires_capture', authorizedMinor: intent.amountMinor, multicapture: intent.method !== 'pm_single', captureBefore: new Date(Date.now() + 7 * 86_400_000).toISOString(), failure: null, nextActionUrl: null })
    emit('payment_intent.amount_capturable_updated', intent)
  }
  const decline = (intent: Intent): void => {
    Object.assign(intent, { status: 'requires_payment_method', nextActionUrl: null, failure: { code: 'GENERIC_DECLINE', message: 'Your card was declined.' } })
    emit('payment_intent.payment_failed', intent)
  }
  const confirm = (intent: Held, method: string): void => {
    intent.method = method
    if (method === 'pm_decline') decline(intent)
    else if (method === 'pm_action') {
      Object.assign(intent, { status: 'requires_action', nextActionUrl: `https://bank.example/${intent.id}` })
      emit('payment_intent.requires_action', intent)
    } else authorizeNow(intent)
  }
  const detailsOf = (id: string) => ({ id, brand: 'visa', last4: '4242', expMonth: 12, expYear: 2099 })
  const once = <T>(key: string, act: () => T): T => {
    if (!answers.has(key)) answers.set(key, act() as never)
    return answers.get(key) as T
  }

  const open = ({ orderId, attempt, amountMinor }: Authorization): Held => {
    const id = `pi_${++sequence}`
    const intent = {
      id, orderId, attempt, amountMinor, status: 'requires_payment_method' as const, authorizedMinor: 0, capturedMinor: 0, refundedMinor: 0,
      clientSecret: `${id}_secret`, nextActionUrl: null, captureBefore: null, multicapture: null, lapsed: false, failure: null,
    }
    intents.set(id, intent)
    emit('payment_intent.created', intent)
    return intent
  }

  return {
    events,
    calls,
    failNext: (...when) => void failures.push(...when),
    intentOf: (orderId) => copy([...intents.values()].findLast((intent) => intent.orderId === orderId)!),
    finishAction(orderId, passed) {
      const intent = [...intents.values()].findLast((one) => one.orderId === orderId)!
      if (passed) authorizeNow(intent)
      else decline(intent)
    },
    lapse(orderId) {
      const intent = [...intents.values()].findLast((one) => one.orderId === orderId)!
      if (intent.capturedMinor > 0) Object.assign(intent, { status: 'succeeded', authorizedMinor: 0 })
      else Object.assign(intent, { status: 'canceled', lapsed: true, authorizedMinor: 0 })
      emit(intent.capturedMinor > 0 ? 'payment_intent.succeeded' : 'payment_intent.canceled', intent)
    },
    dispute(orderId, amountMinor, status) {
      const { id, attempt } = [...intents.values()].findLast((one) => one.orderId === orderId)!
      const at = new Date().toISOString()
      events.push({ id: `evt_${++sequence}`, type: 'charge.dispute', news: { id, orderId, attempt, dispute: { id: `du_${orderId}`, status, amountMinor, currency: 'USD', reasonCode: 'FRAUDULENT', openedAt: at, at } } })
    },
    returnRefund(orderId, amountMinor) {
      const intent = [...intents.values()].findLast((one) => one.orderId === orderId)!
      intent.refundedMinor -= amountMinor
      const { id, attempt } = intent
      events.push({ id: `evt_${++sequence}`, type: 'refund.failed', news: { id, orderId, attempt, refund: { key: '', state: 'FAILED' } } })
    },
    authorize: (request) =>
      network(`${request.orderId}:authorize:${request.attempt}`, () => {
        if (request.paymentMethodId === 'pm_unknown') return { refusal: { code: 'RESOURCE_MISSING', message: 'No such payment method' } }
        const id = once(`${request.orderId}:authorize:${request.attempt}`, () => {
          const intent = request.intentId ? get(request.intentId) : open(request)
          if (request.paymentMethodId) confirm(intent, request.paymentMethodId)
          return { intent }
        }).intent.id
        return { intent: copy(get(id)) }
      }),
    capture: ({ orderId, intentId, number, amountMinor, final }) =>
      network(`${orderId}:capture:${number}`, () => {
        const key = `${orderId}:capture:${intentId}:${number}`
        const intent = get(intentId)
        if (answers.has(key) || intent.status !== 'requires_capture') return copy(intent)
        if (!final && !intent.multicapture) throw new AppError('INTERNAL', 'this hold allows one capture only')
        if (amountMinor > intent.authorizedMinor) throw new AppError('INTERNAL', 'more than is held')
        answers.set(key, { intent })
        intent.capturedMinor += amountMinor
        intent.authorizedMinor = final ? 0 : intent.authorizedMinor - amountMinor
        if (final) intent.status = 'succeeded'
        if (!final) emit('charge.updated', intent, 'charge')
        emit(final ? 'payment_intent.succeeded' : 'payment_intent.amount_capturable_updated', intent)
        return copy(intent)
      }),
    cancel: ({ orderId, attempt, intentId }) =>
      network(`${orderId}:cancel:${attempt}`, () => {
        const intent = get(intentId)
        if (intent.status !== 'succeeded' && intent.status !== 'canceled') {
          const held = intent.authorizedMinor > 0
          Object.assign(intent, { status: 'canceled', authorizedMinor: 0 })
          if (held) emit('charge.refunded', intent, 'charge')
          emit('payment_intent.canceled', intent)
        }
        return copy(intent)
      }),
    refund: ({ orderId, intentId, key, amountMinor }) =>
      network(`${orderId}:refund:${key}`, () =>
        once(`${orderId}:refund:${key}`, () => {
          const intent = get(intentId)
          if (amountMinor > intent.capturedMinor - intent.refundedMinor) return { refusal: { code: 'TOO_MUCH', message: 'more than was captured' } }
          intent.refundedMinor += amountMinor
          emit('charge.refunded', intent, 'charge')
          return { id: `re_${++sequence}`, state: 'SUCCEEDED' as const, failureCode: null }
        }) as unknown as RefundAnswer,
      ),
    openCustomer: (patientId) => network(`${patientId}:customer`, () => `cus_${patientId}`),
    startSetup: ({ key }) => network(key, () => ({ id: `seti_${++sequence}`, clientSecret: 'secret', nextActionUrl: null })),
    saveMethod: ({ paymentMethodId, key }) => network(key, () => ({ method: detailsOf(paymentMethodId) })),
    describeMethod: (id) => network(`describe:${id}`, () => detailsOf(id)),
    forgetMethod: (id) => network(`forget:${id}`, () => {}),
    find: (intentId) => network(`find:${intentId}`, () => copy(get(intentId))),
    readEvent(body, signature) {
      if (signature !== 'good') throw new AppError('BAD_SIGNATURE', 'the Stripe-Signature does not fit the body')
      return JSON.parse(body.toString()) as ProviderEvent
    },
  }
}
