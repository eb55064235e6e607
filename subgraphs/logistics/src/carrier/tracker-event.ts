import { invalid } from '@pharmagraph/platform'

/** One report of a carrier, as far as we follow it. */
export type TrackerEvent = { eventId: string; carrier: string; trackingCode: string; status: string; signedBy: string | null; at: Date }

type Body = {
  id?: unknown
  description?: unknown
  result?: { tracking_code?: unknown; carrier?: unknown; status?: unknown; signed_by?: unknown; updated_at?: unknown; tracking_details?: { datetime?: unknown }[] }
}

/** Reads EasyPost's `tracker.updated`; undefined for its other events. The report's time is that of the latest scan. */
export function parseTrackerEvent(raw: Buffer): TrackerEvent | undefined {
  let body: Body
  try {
    body = JSON.parse(raw.toString()) as Body
  } catch {
    throw invalid('body', 'the body is not JSON')
  }
  if (body?.description !== 'tracker.updated') return undefined
  const { result } = body
  const at = new Date(String(result?.tracking_details?.at(-1)?.datetime ?? result?.updated_at))
  const texts = { id: body.id, 'result.status': result?.status, 'result.tracking_code': result?.tracking_code, 'result.carrier': result?.carrier }
  for (const [field, value] of Object.entries(texts)) if (typeof value !== 'string' || !value) throw invalid(field, `${field} is missing`)
  if (Number.isNaN(at.getTime())) throw invalid('result.updated_at', 'the report has no time')
  return {
    eventId: String(body.id), status: String(result!.status), trackingCode: String(result!.tracking_code), carrier: String(result!.carrier),
    signedBy: typeof result!.signed_by === 'string' ? result!.signed_by : null, at,
  }
}
