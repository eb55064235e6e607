/** States' monitoring programmes behind one address, as a gateway such as PMP Gateway offers them: signed JSON over HTTPS. */
import { AppError, clock } from '@pharmagraph/platform'
import { erxSignature } from '../erx/signature.ts'
import type { Pdmp, PdmpAnswer } from './port.ts'

const answerWithinMs = 10_000

export function httpPdmp(url: string, secret: string): Pdmp {
  const call = async (state: string, what: string, content: object): Promise<unknown> => {
    const body = JSON.stringify(content)
    const timestamp = String(Math.floor(clock.now().getTime() / 1000))
    const response = await fetch(new URL(`${state}/${what}`, `${url.replace(/\/$/, '')}/`), {
      method: 'POST', body, signal: AbortSignal.timeout(answerWithinMs),
      headers: { 'content-type': 'application/json', 'x-erx-timestamp': timestamp, 'x-erx-signature': erxSignature(secret, timestamp, body) },
    }).catch(() => undefined)
    // a programme that refuses us is looked into by a person, and asked again until then
    if (!response?.ok) throw new AppError('UNAVAILABLE', `the monitoring programme of ${state} did not answer${response ? ` (status ${response.status})` : ''}`)
    return response.json()
  }
  return {
    query: async ({ state, ...question }) => {
      const { dispensings, prescribers, pharmacies } = (await call(state, 'query', question)) as PdmpAnswer
      if (![dispensings, prescribers, pharmacies].every(Number.isInteger)) throw new AppError('UNAVAILABLE', `the monitoring programme of ${state} gave no answer we can read`)
      return { dispensings, prescribers, pharmacies }
    },
    report: async ({ state, ...dispensing }) => void (await call(state, 'dispensings', dispensing)),
    reportNone: async ({ state, ...nothing }) => void (await call(state, 'zero-reports', nothing)),
  }
}
