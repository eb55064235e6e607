/** One text for one value (JSON Canonicalization Scheme, RFC 8785), so that its hash and its signature mean something. */
import { createHash } from 'node:crypto'
import canonicalize from 'canonicalize'
import { invalid } from './errors.ts'

/** Refuses with INVALID_INPUT what JSON cannot say: NaN, infinities, half a character (a lone surrogate), cycles. */
export function canonicalJson(value: unknown): string {
  let text: string | undefined
  try {
    text = canonicalize(value)
  } catch (error) {
    throw invalid('content', `this has no canonical JSON: ${(error as Error).message}`)
  }
  if (text === undefined) throw invalid('content', 'this has no canonical JSON: there is nothing to write')
  return text
}

/** SHA-256 of the canonical JSON, lower-case hex. */
export const canonicalHash = (value: unknown): string => createHash('sha256').update(canonicalJson(value)).digest('hex')
