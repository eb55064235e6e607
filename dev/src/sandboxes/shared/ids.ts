import { randomInt } from 'node:crypto'

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** `length` random letters and digits. */
export const randomText = (length: number, alphabet = ALPHABET): string =>
  Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join('')

/** An id in the manner of the service imitated: `pi_` and 24 letters and digits. */
export const newId = (prefix: string): string => `${prefix}_${randomText(24)}`

/** `length` random digits, the first not zero. */
export const randomDigits = (length: number): string => randomText(1, '123456789') + randomText(length - 1, '0123456789')
