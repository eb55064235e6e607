/** How the graph's values read. */

/** @param {{ amountMinor: number, currency: string } | null | undefined} amount */
export const money = (amount) => (amount ? new Intl.NumberFormat(undefined, { style: 'currency', currency: amount.currency }).format(amount.amountMinor / 100) : '—')

/** @param {string | null | undefined} instant */
export const when = (instant) => (instant ? new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(instant)) : '')

/** A calendar day is the same day everywhere. @param {string | null | undefined} day */
export const day = (day) => (day ? new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeZone: 'UTC' }).format(new Date(`${day}T00:00:00Z`)) : '')

const special = /** @type {Record<string, string>} */ ({
  CHECKOUT_STARTED: 'Ordered', RX_CHECKED: 'Prescriptions checked', STOCK_HELD: 'Set aside', PAYMENT_AUTHORIZED: 'Payment approved', AWAITING_PHARMACIST: 'With the pharmacist',
  RELEASED: 'Ready', PAYMENT_CAPTURED: 'Being packed', SHIPPED: 'On its way', BACKORDERED: 'Waiting for stock', OUT_FOR_DELIVERY: 'Out for delivery',
  CLINICAL_REVIEW: 'In review', DATA_ENTRY: 'Being entered', NONE: '', CII: 'C-II', CIII: 'C-III', CIV: 'C-IV', CV: 'C-V',
})
/** OUT_OF_STOCK reads "Out of stock". @param {string} code */
export const words = (code) => special[code] ?? code.charAt(0) + code.slice(1).toLowerCase().replaceAll('_', ' ')

/** The way of an order without hindrance, as the patient is shown it. */
export const steps = ['CHECKOUT_STARTED', 'RX_CHECKED', 'STOCK_HELD', 'PAYMENT_AUTHORIZED', 'AWAITING_PHARMACIST', 'RELEASED', 'PAYMENT_CAPTURED', 'SHIPPED', 'DELIVERED']

/** How each step looks while the order is in `status`. @param {string} status @returns {{ step: string, state: 'done' | 'now' | 'open' }[]} */
export function progress(status) {
  const reached = steps.indexOf(status === 'CLOSED' ? 'DELIVERED' : status)
  return steps.map((step, place) => ({ step, state: place < reached || (place === reached && step === 'DELIVERED') ? 'done' : place === reached ? 'now' : 'open' }))
}

/** What a refusal of the graph says to a person. @param {{ message?: string, reason?: { message: string } | null }} problem */
export const refusal = (problem) => problem.reason?.message ?? problem.message ?? 'That did not work.'
