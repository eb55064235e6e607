import { AppError, clock } from '@pharmagraph/platform'
import type { ErxNetwork } from './port.ts'
import { readScript } from './script-reader.ts'
import { erxSignature } from './signature.ts'

const answerWithinMs = 10_000

/** The e-prescribing network over HTTPS: signed SCRIPT messages to `<url>/messages`. */
export const httpNetwork = (url: string, secret: string): ErxNetwork => ({
  async send({ messageId, xml }) {
    const timestamp = String(Math.floor(clock.now().getTime() / 1000))
    const response = await fetch(new URL('messages', `${url.replace(/\/$/, '')}/`), {
      method: 'POST',
      headers: { 'content-type': 'application/xml; charset=utf-8', 'idempotency-key': messageId, 'x-erx-timestamp': timestamp, 'x-erx-signature': erxSignature(secret, timestamp, xml) },
      body: xml,
      signal: AbortSignal.timeout(answerWithinMs),
    }).catch(() => undefined)
    const passing = !response || response.status >= 500 || [408, 425, 429].includes(response.status)
    if (passing) throw new AppError('UNAVAILABLE', 'the e-prescribing network did not take the message')
    const answer = await response.text().catch(() => '')
    if (!response.ok || isError(answer)) throw new AppError('ERX_REFUSED', `the e-prescribing network refused message ${messageId} (status ${response.status})`)
  },
})

/** SCRIPT rejects inside an answer of status 200. */
function isError(answer: string): boolean {
  try {
    return readScript(Buffer.from(answer)).type === 'Error'
  } catch {
    return false
  }
}
