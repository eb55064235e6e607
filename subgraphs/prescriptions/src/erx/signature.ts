import { createHmac, timingSafeEqual } from 'node:crypto'
import { AppError, clock } from '@pharmagraph/platform'

const toleranceSeconds = 300

/** `v1=` and the hex HMAC-SHA256 of `timestamp.body`. */
export const erxSignature = (secret: string, timestamp: string, body: Buffer | string): string =>
  `v1=${createHmac('sha256', secret).update(`${timestamp}.`).update(body).digest('hex')}`

type Headers = Record<string, string | string[] | undefined>

/** Throws BAD_SIGNATURE unless the raw body was signed by the network within the last five minutes. */
export function mustBeSigned(secret: string, headers: Headers, body: Buffer): void {
  const timestamp = String(headers['x-erx-timestamp'] ?? '')
  const given = Buffer.from(String(headers['x-erx-signature'] ?? ''))
  const expected = Buffer.from(erxSignature(secret, timestamp, body))
  const ageSeconds = Math.abs(clock.now().getTime() / 1000 - Number(timestamp))
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) throw new AppError('BAD_SIGNATURE', 'the signature in x-erx-signature does not fit the body')
  if (!(ageSeconds <= toleranceSeconds)) throw new AppError('BAD_SIGNATURE', 'the signature is older than five minutes: sign the message again')
}
