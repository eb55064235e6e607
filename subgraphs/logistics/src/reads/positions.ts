import type { Route } from '../entities/route.ts'
import type { Shipment } from '../entities/shipment.ts'

type Position = { location: { latitude: number; longitude: number }; headingDegrees: number | null; speedKmh: number | null; at: Date }

export function positionOf({ latitude, longitude, headingDegrees, speedKmh, positionAt }: Route): Position | null {
  if (latitude == null || longitude == null || !positionAt) return null
  return { location: { latitude, longitude }, headingDegrees: headingDegrees ?? null, speedKmh: speedKmh ?? null, at: positionAt }
}

/** Where the driver is, from leaving the depot until this parcel's own stop is done: where others live is nobody's business. */
export const positionForParcel = ({ status }: Shipment, route: Route | null): Position | null =>
  route?.status === 'STARTED' && status === 'OUT_FOR_DELIVERY' ? positionOf(route) : null
