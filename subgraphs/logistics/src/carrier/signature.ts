import { createHmac, timingSafeEqual } from 'node:crypto'

/** EasyPost's X-Hmac-Signature: HMAC-SHA256 of the raw body under the NFKD form of the secret, as `hmac-sha256-hex=<hex>`. */
export function signatureFits(body: Buffer, header: string | string[] | undefined, secret: string): boolean {
  if (typeof header !== 'string') return false
  const expected = Buffer.from(`hmac-sha256-hex=${createHmac('sha256', secret.normalize('NFKD')).update(body).digest('hex')}`)
  const given = Buffer.from(header)
  return given.length === expected.length && timingSafeEqual(given, expected)
}
