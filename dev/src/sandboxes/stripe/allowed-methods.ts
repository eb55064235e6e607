import { badParam, badState } from './errors.ts'
import type { Params } from './params.ts'

/** The parameters that say which kinds of payment method an intent takes. */
export const METHOD_PARAMS = ['allowed_payment_method_types', 'payment_method_types', 'automatic_payment_methods']

/** Up to 2026-08-26 the list of types was `payment_method_types`; from this version on it is refused. */
const TYPES_REMOVED = '2026-09-30'

interface Allowing {
  automatic_payment_methods: { allow_redirects?: 'always' | 'never'; enabled: boolean } | null
  allowed_payment_method_types: string[] | null
}

/**
 * Sets which kinds of payment method an intent takes: those of the Dashboard unless the call names some. The sandbox
 * has cards only, and as Stripe does it leaves out of the list what it has not.
 * https://docs.stripe.com/changelog/endive/2026-09-30/removes-the-payment-method-types-parameter-from-payment-intents-and-setup-intents
 */
export function allowMethods(intent: object, params: Params): void {
  if (params.has('payment_method_types') && params.apiVersion >= TYPES_REMOVED) {
    throw badParam(
      'payment_method_types',
      'The `payment_method_types` parameter is no longer supported. Use `allowed_payment_method_types` or `automatic_payment_methods` instead.',
      'payment_method_types_no_longer_supported',
    )
  }
  const given = METHOD_PARAMS.filter((name) => params.has(name))
  if (given.length > 1) throw badParam(given[0] ?? '', `You may only specify one of these parameters: ${given.join(', ')}.`, 'parameters_exclusive')
  const types = params.list('allowed_payment_method_types') ?? params.list('payment_method_types')
  if (types && !types.includes('card')) throw badParam(given[0] ?? '', 'None of these payment method types can be used: the sandbox knows card only.')
  const automatic = params.group('automatic_payment_methods')
  const target = intent as Allowing
  target.allowed_payment_method_types = params.has('allowed_payment_method_types') ? ['card'] : null
  target.automatic_payment_methods =
    types || (automatic && !automatic.flag('enabled'))
      ? null
      : { allow_redirects: automatic?.oneOf('allow_redirects', ['always', 'never']) ?? 'always', enabled: true }
}

/** Where the Dashboard may bring in methods that redirect, a confirmation says where to come back to. */
export function returnUrl(intent: object, params: Params): string | null {
  const url = params.text('return_url') ?? null
  if (url && !URL.canParse(url)) throw badParam('return_url', 'Not a valid URL', 'url_invalid')
  if ((intent as Allowing).automatic_payment_methods?.allow_redirects === 'always' && !url && !params.flag('use_stripe_sdk')) {
    throw badState(
      'This intent is configured to accept payment methods that might redirect your customer off of your page: you must provide a ' +
        '`return_url`. If you do not want to accept redirects, set `automatic_payment_methods[enabled]` to `true` and ' +
        '`automatic_payment_methods[allow_redirects]` to `never`, or `allowed_payment_method_types`, when creating it.',
    )
  }
  return url
}
