import { badParam } from './errors.ts'
import type { Params } from './params.ts'

/** https://docs.stripe.com/currencies#zero-decimal */
const ZERO_DECIMAL = new Set('bif clp djf gnf jpy kmf krw mga pyg rwf ugx vnd vuv xaf xof xpf'.split(' '))
const CURRENCIES = new Set(Intl.supportedValuesOf('currency').map((code) => code.toLowerCase()))
const LEAST = 50
const MOST = 99_999_999

/** Minor units as Stripe's messages write them: `$12.50`, `1250 jpy`. */
export function money(amount: number, currency: string): string {
  const text = ZERO_DECIMAL.has(currency) ? String(amount) : (amount / 100).toFixed(2)
  return currency === 'usd' ? `$${text}` : `${text} ${currency}`
}

/** `amount` in minor units, within what Stripe charges. https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts */
export function chargeAmount(params: Params, currency: string): number {
  params.required('amount')
  const amount = params.integer('amount') ?? 0
  if (amount < 1) throw badParam('amount', 'This value must be greater than or equal to 1.', 'parameter_invalid_integer')
  if (amount < LEAST) throw badParam('amount', `Amount must be at least ${money(LEAST, currency)} ${currency}`, 'amount_too_small')
  if (amount > MOST) throw badParam('amount', `Amount must be no more than ${money(MOST, currency)}`, 'amount_too_large')
  return amount
}

export function chargeCurrency(params: Params): string {
  const currency = params.required('currency').toLowerCase()
  if (!CURRENCIES.has(currency)) throw badParam('currency', `Invalid currency: ${currency}.`)
  return currency
}
