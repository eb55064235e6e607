import { invalid, type Actor, type EntityManager } from '@pharmagraph/platform'
import type { Shipment } from '../entities/shipment.ts'
import { move } from '../lifecycles/shipment.ts'
import { isTrackingNumber } from '../tracking-number.ts'
import { ownShipment } from './driving.ts'

/** The driver scans the label and takes the parcel. */
export async function pickUpShipment(em: EntityManager, actor: Actor, input: { shipmentId: string; scannedLabel: string }): Promise<Shipment> {
  const { shipment } = await ownShipment(em, actor, input.shipmentId)
  const label = input.scannedLabel.trim().toUpperCase()
  if (label !== shipment.trackingNumber) {
    throw invalid('scannedLabel', isTrackingNumber(label) ? 'this is the label of another parcel' : 'the label was misread: scan it again')
  }
  move(em, actor, shipment, 'pickUp')
  return shipment
}
