import { money, sum, type Money } from '@pharmagraph/platform'
import { shippingFor } from './policies/shipping.ts'
import { taxRateFor, type TaxClass } from './policies/tax.ts'

/** Quantities have three decimals; counted in thousandths they are whole, and so is all arithmetic here. */
const thousandths = (quantity: number): bigint => BigInt(Math.round(quantity * 1000))

/** amount × numerator / denominator, rounded half up to the minor unit. */
const share = (amountMinor: number, numerator: bigint, denominator: bigint): number =>
  Number((2n * BigInt(amountMinor) * numerator + denominator) / (2n * denominator))

export type Priced = { priceMinor: number; currency: string; packageSize: number }

/** The price of `quantity` dispensing units of a package's content, rounded once. */
export const lineTotal = ({ priceMinor, currency, packageSize }: Priced, quantity: number): Money =>
  money(share(priceMinor, thousandths(quantity), thousandths(packageSize)), currency)

/** The price of one dispensing unit, rounded, for display. */
export const unitPrice = (priced: Priced): Money => lineTotal(priced, 1)

/** Tax on one line, rounded once. `day` is YYYY-MM-DD. */
export function lineTax(total: Money, taxClass: TaxClass, state: string, day: string): Money {
  const { ratePpm } = taxRateFor(taxClass, state, day)
  return money(share(total.amountMinor, BigInt(ratePpm), 1_000_000n), total.currency)
}

/** Price and tax of `supplied` of a line's units, each rounded once. */
export const partialCharge = ({ lineTotalMinor, taxMinor, quantity }: { lineTotalMinor: number; taxMinor: number; quantity: number }, supplied: number): number =>
  share(lineTotalMinor, thousandths(supplied), thousandths(quantity)) + share(taxMinor, thousandths(supplied), thousandths(quantity))

export type Totals = { subtotal: Money; tax: Money; shipping: Money; total: Money }

/** What an order of these lines costs on `day`: the sum of rounded lines, so that what is shown adds up. */
export function totalsOf(lines: readonly { total: Money; tax: Money }[], day: string): Totals {
  const subtotal = sum(lines.map(({ total }) => total))
  const tax = sum(lines.map((line) => line.tax))
  const shipping = shippingFor(subtotal, day)
  return { subtotal, tax, shipping, total: sum([subtotal, tax, shipping]) }
}
