import { randomInt } from 'node:crypto'

/** Crockford's letters and digits: none is mistaken for another on the telephone. */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** PG-XXXX-XXXX, by chance, so that it tells nothing of how many orders there are. The column is unique. */
export function newOrderNumber(): string {
  const letters = Array.from({ length: 8 }, () => alphabet[randomInt(alphabet.length)]).join('')
  return `PG-${letters.slice(0, 4)}-${letters.slice(4)}`
}
