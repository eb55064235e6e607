import { AppError } from '@pharmagraph/platform'
import type { Notifier } from './port.ts'

const timeoutMs = 5_000

/** POST {url}/messages, with the message id as idempotency key. Answers of 4xx are final, all else may be tried again. */
export const mailNotifier = (url: string): Notifier => ({
  async send({ id, channel, ...message }) {
    const response = await fetch(`${url}/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': id },
      body: JSON.stringify({ channel: channel.toLowerCase(), ...message }),
      signal: AbortSignal.timeout(timeoutMs),
    }).catch(() => {
      throw new AppError('UNAVAILABLE', 'the message service does not answer')
    })
    await response.body?.cancel()
    if (response.ok) return
    const final = response.status >= 400 && response.status < 500 && response.status !== 408 && response.status !== 429
    throw new AppError(final ? 'MESSAGE_REFUSED' : 'UNAVAILABLE', `the message service answered ${response.status}`)
  },
})
