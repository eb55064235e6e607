import { AppError } from '@pharmagraph/platform'
import type { CarrierPort } from './port.ts'

const timeoutMs = 8_000

/** EasyPost takes a label back until it is scanned (POST /v2/shipments/:id/refund); later only the carrier's own desk can help. */
export const easypostCarrier = ({ url, apiKey }: { url: string; apiKey: string }): CarrierPort => ({
  async intercept(shipmentId) {
    const response = await fetch(`${url}/v2/shipments/${encodeURIComponent(shipmentId)}/refund`, {
      method: 'POST', headers: { authorization: `Basic ${Buffer.from(`${apiKey}:`).toString('base64')}` }, signal: AbortSignal.timeout(timeoutMs),
    }).catch(() => undefined)
    if (response?.ok) return 'ACCEPTED'
    if (response && response.status >= 400 && response.status < 500 && response.status !== 429) return 'REFUSED'
    throw new AppError('UNAVAILABLE', 'the carrier does not answer at the moment')
  },
})
