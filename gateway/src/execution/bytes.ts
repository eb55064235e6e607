/**
 * Bytes kept as text, one character each: what comes from one connection and leaves by another is never decoded between.
 * ASCII is the same either way, so most texts need no change.
 */
export type Bytes = string

const beyondAscii = /[^\x00-\x7f]/
const isAscii = (text: string): boolean => !beyondAscii.test(text)

/** UTF-8. */
export const toBytes = (text: string): Bytes => (isAscii(text) ? text : Buffer.from(text, 'utf8').toString('latin1'))
export const fromBytes = (bytes: Bytes): string => (isAscii(bytes) ? bytes : Buffer.from(bytes, 'latin1').toString('utf8'))
