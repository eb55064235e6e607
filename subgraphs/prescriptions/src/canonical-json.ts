/** JSON Canonicalization Scheme, RFC 8785: one text for one value, so that its hash means something. */
import { createHash } from 'node:crypto'
import { invalid } from '@pharmagraph/platform'

/** ECMAScript already writes numbers and strings as the scheme asks; what is left is the order of keys, by UTF-16 units. */
export function canonicalJson(value: unknown): string {
  if (typeof value === 'number' && !Number.isFinite(value)) throw new RangeError('JSON has no infinite numbers')
  if (typeof value === 'string' && !value.isWellFormed()) throw invalid('text', 'a text holds half a character (a lone surrogate)')
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(',')}]`
  const members = Object.entries(value).filter(([, member]) => member !== undefined)
  return `{${members.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, member]) => `${canonicalJson(key)}:${canonicalJson(member)}`).join(',')}}`
}

/** SHA-256 of the canonical JSON, hex. */
export const hashOf = (value: unknown): string => createHash('sha256').update(canonicalJson(value)).digest('hex')
