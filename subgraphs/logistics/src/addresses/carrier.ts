import { AppError } from '@pharmagraph/platform'
import type { AddressPort } from './port.ts'

const timeoutMs = 8_000

type Verification = {
  success: boolean
  errors: { code: string; message: string; suggestion: string | null }[]
  details: { latitude: number | null; longitude: number | null } | null
}
type Answer = {
  street1: string | null; street2: string | null; city: string | null; state: string | null; zip: string | null; country: string | null
  verifications?: { delivery?: Verification }
}

/** EasyPost's address verification (POST /v2/addresses). The recipient's name stays here: the check does not need it. */
export const carrierAddresses = ({ url, apiKey }: { url: string; apiKey: string }): AddressPort => ({
  async check({ line1, line2, city, state, postalCode, country }) {
    const response = await fetch(`${url}/v2/addresses`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Basic ${Buffer.from(`${apiKey}:`).toString('base64')}` },
      body: JSON.stringify({ address: { street1: line1, street2: line2 ?? '', city, state, zip: postalCode, country }, verify: ['delivery'] }),
      signal: AbortSignal.timeout(timeoutMs),
    }).catch(() => undefined)
    if (!response?.ok) throw unavailable()
    const answer = (await response.json().catch(() => undefined)) as Answer | undefined
    const delivery = answer?.verifications?.delivery
    if (!answer || !delivery) throw unavailable()

    if (!delivery.success) {
      const suggestions = delivery.errors.flatMap(({ suggestion }) => suggestion ?? [])
      return { deliverable: false, problems: delivery.errors.map(({ message }) => message), suggestions }
    }
    const { latitude, longitude } = delivery.details ?? {}
    if (typeof latitude !== 'number' || typeof longitude !== 'number') return { deliverable: false, problems: ['The address is not on the map'], suggestions: [] }
    return {
      deliverable: true,
      // a warning such as a missing apartment number: the parcel gets to the house
      certain: delivery.errors.length === 0,
      address: {
        line1: answer.street1 ?? line1, line2: answer.street2 || null, city: answer.city ?? city, state: answer.state ?? state,
        postalCode: answer.zip ?? postalCode, country: answer.country ?? country,
      },
      location: { latitude, longitude },
    }
  },
})

const unavailable = (): AppError => new AppError('UNAVAILABLE', 'the address check does not answer at the moment: nothing was saved, please try again in a minute')
