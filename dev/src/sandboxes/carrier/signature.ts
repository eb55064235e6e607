import { createHmac } from 'node:crypto'

/** EasyPost's `X-Hmac-Signature` of a raw body. https://docs.easypost.com/guides/webhooks-guide */
export const carrierSignature = (body: string, secret: string): string =>
  `hmac-sha256-hex=${createHmac('sha256', secret.normalize('NFKD')).update(body).digest('hex')}`
