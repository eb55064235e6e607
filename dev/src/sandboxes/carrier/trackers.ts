import { easypostId, timestamp, type Place, type Tracker, type TrackerStatus } from './objects.ts'

/** One scan, as the control API asks for it. What is left out is told by the status. */
export interface Scan {
  status: Exclude<TrackerStatus, 'unknown' | 'pre_transit' | 'cancelled'>
  status_detail?: string
  message?: string
  location?: { city?: string; state?: string; zip?: string; country?: string }
  signed_by?: string
  /** When the scan was made; now by default. An earlier time makes it a late report. */
  at?: string
}

type Side = 'origin' | 'destination'

/** What a scan of each status says by itself, and where it is made. */
const SCANS: Record<Scan['status'], { detail: string; message: string; code: string; at: Side; ends?: true }> = {
  in_transit: { detail: 'arrived_at_facility', message: 'Arrived at facility', code: 'AR', at: 'origin' },
  out_for_delivery: { detail: 'out_for_delivery', message: 'Out for delivery', code: 'OD', at: 'destination' },
  delivered: { detail: 'arrived_at_destination', message: 'Delivered', code: 'DL', at: 'destination', ends: true },
  failure: { detail: 'delivery_exception', message: 'Delivery attempted, could not be completed', code: 'DE', at: 'destination' },
  return_to_sender: { detail: 'return', message: 'Returned to sender', code: 'RS', at: 'origin', ends: true },
}

/** The tracker after a scan, and the `tracker.updated` event that tells of it. */
export function scanned(tracker: Tracker, scan: Scan, webhookUrl: string | undefined): { tracker: Tracker; event: object } {
  const { detail, message, code, at: side, ends } = SCANS[scan.status]
  const { origin_tracking_location: origin, destination_tracking_location: destination } = tracker.carrier_detail
  const usual = side === 'destination' && destination ? destination : origin
  const place: Place = { ...usual, ...scan.location }
  const now = timestamp()
  const at = scan.at === undefined ? now : timestamp(new Date(scan.at))
  const details = [
    ...tracker.tracking_details,
    {
      object: 'TrackingDetail' as const,
      message: scan.message ?? message,
      description: scan.message ?? message,
      status: scan.status,
      status_detail: scan.status_detail ?? detail,
      datetime: at,
      source: tracker.carrier,
      carrier_code: code,
      tracking_location: place,
    },
  ].sort((a, b) => a.datetime.localeCompare(b.datetime))
  const latest = details.at(-1) ?? tracker
  const updated: Tracker = {
    ...tracker,
    status: latest.status,
    status_detail: latest.status_detail,
    updated_at: now,
    signed_by: scan.signed_by ?? tracker.signed_by,
    tracking_details: details,
    carrier_detail: {
      ...tracker.carrier_detail,
      initial_delivery_attempt: tracker.carrier_detail.initial_delivery_attempt ?? (['failure', 'delivered'].includes(scan.status) ? at : null),
    },
    finalized: tracker.finalized || ends === true,
  }
  const event = {
    id: easypostId('evt'),
    object: 'Event',
    mode: 'test',
    user_id: 'user_sandbox',
    description: 'tracker.updated',
    previous_attributes: { status: tracker.status },
    created_at: now,
    updated_at: now,
    pending_urls: webhookUrl ? [webhookUrl] : [],
    completed_urls: [],
    status: 'pending',
    result: updated,
  }
  return { tracker: updated, event }
}
