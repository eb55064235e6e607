import { newId, type Actor, type EntityManager } from '@pharmagraph/platform'
import { DeliveryAttempt, type failedAttemptReasons, type Shipment } from '../entities/shipment.ts'
import * as fields from '../fields.ts'
import { move } from '../lifecycles/shipment.ts'
import type { Services } from '../services.ts'
import { ownShipment } from './driving.ts'
import { finishStop } from './finish-stop.ts'

type FailedReason = (typeof failedAttemptReasons)[number]
type AttemptInput = { shipmentId: string; reason: FailedReason; note?: string | null | undefined }

/** House policy: controlled substances and things of value are not driven around more often than needed. */
const maxAttempts = { adultSignature: 2, other: 3 }

const messages: Record<FailedReason, string> = {
  NOBODY_HOME: 'Nobody was there to take the parcel.',
  REFUSED: 'The parcel was not accepted.',
  NO_ACCESS: 'The driver could not get to the door.',
  WRONG_ADDRESS: 'The address could not be found.',
}

/** The parcel stays with the driver until the depot; after the last attempt allowed, or a refusal, it goes back for good. */
export async function recordFailedAttempt(em: EntityManager, actor: Actor, services: Services, input: AttemptInput): Promise<Shipment> {
  const { shipment, route } = await ownShipment(em, actor, input.shipmentId)
  const reason = { code: input.reason, message: messages[input.reason] }
  const note = fields.optionalText('note', input.note, 500)
  move(em, actor, shipment, 'failAttempt', reason)
  shipment.attempts += 1
  em.create(DeliveryAttempt, {
    id: newId(), shipmentId: shipment.id, driverId: route.driverId, reason: input.reason,
    sealed: note && (await services.vault.seal(em, shipment.patientId, { note })),
  })
  const allowed = shipment.adultSignature ? maxAttempts.adultSignature : maxAttempts.other
  if (shipment.attempts >= allowed || input.reason === 'REFUSED') move(em, actor, shipment, 'giveUp', reason)
  await finishStop(em, actor, services, route, shipment.id)
  return shipment
}
