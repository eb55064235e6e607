import type { PaymentIntent, PaymentMethod, SetupIntent } from './objects.ts'

/** The inside of `{ error }`. https://docs.stripe.com/api/errors */
export interface ApiError {
  type: 'api_error' | 'card_error' | 'idempotency_error' | 'invalid_request_error'
  message: string
  code?: string
  decline_code?: string
  advice_code?: string
  param?: string
  charge?: string
  doc_url?: string
  payment_intent?: PaymentIntent
  setup_intent?: SetupIntent
  payment_method?: PaymentMethod
}

/**
 * A request refused with nothing done. `remembered` refusals are answered again to the same idempotency key; one for
 * its parameters is not: https://docs.stripe.com/api/idempotent_requests
 */
export class StripeRefusal extends Error {
  readonly status: number
  readonly error: ApiError
  readonly remembered: boolean

  constructor(status: number, error: ApiError, remembered = false) {
    super(error.message)
    this.status = status
    this.error = { ...error, ...docUrl(error.code) }
    this.remembered = remembered
  }
}

export const docUrl = (code?: string): { doc_url?: string } =>
  code ? { doc_url: `https://docs.stripe.com/error-codes#${code.replaceAll('_', '-')}` } : {}

/** 400 for a parameter. */
export const badParam = (param: string, message: string, code?: string): StripeRefusal =>
  new StripeRefusal(400, { type: 'invalid_request_error', message, param, ...(code && { code }) })

/** 404 for an id in the path, 400 for one in a parameter. */
export const missing = (object: string, id: string, param: string, status: 400 | 404 = 400): StripeRefusal =>
  new StripeRefusal(status, { type: 'invalid_request_error', code: 'resource_missing', param, message: `No such ${object}: '${id}'` })

/** 400 for something the object's state does not allow. */
export const badState = (message: string, rest: Partial<ApiError> = {}): StripeRefusal =>
  new StripeRefusal(400, { type: 'invalid_request_error', message, ...rest }, true)

/**
 * An attempt the issuer refused, returned rather than thrown: unlike a refused request it leaves its mark, as a failed
 * charge and the intent's last error.
 */
export class Declined {
  readonly status = 402
  readonly error: ApiError

  constructor(error: ApiError) {
    this.error = { ...error, ...docUrl(error.code) }
  }
}
