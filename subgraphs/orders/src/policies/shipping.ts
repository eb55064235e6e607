import { AppError, money, type Money } from '@pharmagraph/platform'

type ShippingRow = { from: string; feeMinor: number; freeAboveMinor: number; currency: string; source: string }

/** Newest last; a row holds until the next begins. */
export const shippingRows: readonly ShippingRow[] = [
  { from: '2023-01-01', feeMinor: 599, freeAboveMinor: 3500, currency: 'USD', source: 'house policy' },
]

/** Shipping of an order with this subtotal on `day` (YYYY-MM-DD). */
export function shippingFor(subtotal: Money, day: string): Money {
  const row = shippingRows.findLast(({ from, currency }) => from <= day && currency === subtotal.currency)
  if (!row) throw new AppError('INTERNAL', `no shipping rate for ${subtotal.currency} on ${day}`)
  return money(subtotal.amountMinor > row.freeAboveMinor ? 0 : row.feeMinor, row.currency)
}
