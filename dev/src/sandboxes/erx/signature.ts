import { createHmac, timingSafeEqual } from 'node:crypto'

/** `v1=` and the hex HMAC-SHA256 of `timestamp.body`. */
export const erxSignature = (body: string, secret: string, timestamp: string): string =>
  `v1=${createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')}`

export function isSignedBy(secret: string, body: string, timestamp: string, signature: string): boolean {
  const expected = Buffer.from(erxSignature(body, secret, timestamp))
  const given = Buffer.from(signature)
  return expected.length === given.length && timingSafeEqual(expected, given)
}
