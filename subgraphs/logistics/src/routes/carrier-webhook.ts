import { AppError, systemActor, type Route, type RouteAnswer, type RouteTools } from '@pharmagraph/platform'
import { signatureFits } from '../carrier/signature.ts'
import { parseTrackerEvent } from '../carrier/tracker-event.ts'
import { followCarrier } from '../commands/follow-carrier.ts'
import type { Services } from '../services.ts'

/** A carrier's tracking report: signed raw body → command → 200. What is refused with 409 is sent again by the carrier. */
async function receive({ body, headers, params, services, transact }: RouteTools<Services>): Promise<RouteAnswer> {
  if (!signatureFits(body, headers['x-hmac-signature'], services.carrierSecret)) throw new AppError('BAD_SIGNATURE', 'the signature of the body is not valid')
  const event = parseTrackerEvent(body)
  const result = event ? await transact((em) => followCarrier(em, systemActor('carrier'), services, params['shipmentId']!, event)) : 'NOT_FOLLOWED'
  return { status: 200, body: { result } }
}

export const carrierRoutes: Route<Services>[] = [
  { method: 'POST', path: '/webhooks/carrier/:shipmentId', run: receive },
  { method: 'POST', path: '/deliveries/:shipmentId/status', run: receive },
]
