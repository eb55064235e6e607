/** An amount in minor units of a currency. Never a float: minor units are whole numbers. */
export type Money = { amountMinor: number; currency: string }

export function money(amountMinor: number, currency = 'USD'): Money {
  if (!Number.isSafeInteger(amountMinor)) throw new RangeError(`${amountMinor} is not a whole number of minor units`)
  return { amountMinor, currency }
}

export function sum(amounts: readonly Money[], currency = 'USD'): Money {
  let total = 0
  for (const amount of amounts) {
    if (amount.currency !== currency) throw new RangeError(`cannot add ${amount.currency} to ${currency}`)
    total += amount.amountMinor
  }
  return money(total, currency)
}

/** numerator/denominator of an amount, rounded half up to the minor unit; numerator and denominator may be decimals. */
export function fraction(amount: Money, numerator: number, denominator: number): Money {
  return money(Math.floor((amount.amountMinor * numerator) / denominator + 0.5), amount.currency)
}

/** "$12.34" for people and logs. */
export function format({ amountMinor, currency }: Money, locale = 'en-US'): string {
  const formatter = new Intl.NumberFormat(locale, { style: 'currency', currency })
  const digits = formatter.resolvedOptions().maximumFractionDigits ?? 2
  return formatter.format(amountMinor / 10 ** digits)
}
