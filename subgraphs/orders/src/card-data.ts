import { AppError, isId } from '@pharmagraph/platform'

/** Digits as people write card numbers: in a row, or in groups with a blank or a hyphen between. */
const digitRuns = /\d(?:[ -]?\d){12,}/g

/** ISO/IEC 7812-1 annex B. */
export function passesLuhn(digits: string): boolean {
  let sum = 0
  for (let i = 0; i < digits.length; i++) {
    const digit = Number(digits[digits.length - 1 - i])
    sum += i % 2 === 0 ? digit : digit > 4 ? digit * 2 - 9 : digit * 2
  }
  return sum % 10 === 0
}

function holdsCardNumber(text: string): boolean {
  const ours: boolean = isId(text)
  const runs = ours ? [] : [...text.matchAll(digitRuns)]
  return runs.map(([run]) => run.replaceAll(/[ -]/g, '')).some((digits) => digits.length <= 19 && passesLuhn(digits))
}

/**
 * Refuses input in which some string holds what may be a card number, 13 to 19 digits that pass Luhn (PCI DSS: what is
 * never taken in cannot leak). Names the field, never the value. Our own ids are let through: they are UUIDs.
 */
export function refuseCardData(input: unknown, field = 'input'): void {
  if (typeof input === 'string') {
    if (!holdsCardNumber(input)) return
    const message = 'this looks like a card number, which must never be sent here: give the card to Stripe and send the id it returns'
    throw new AppError('CARD_DATA_REFUSED', message, { field }, { problem: 'InvalidInput', http: 400 })
  }
  if (typeof input !== 'object' || input === null) return
  for (const [name, value] of Object.entries(input)) refuseCardData(value, name)
}
