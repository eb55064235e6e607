import { AppError, begin, newId, notYet, type Actor, type EntityManager, type EventMap } from '@pharmagraph/platform'
import { Address } from '../entities/address.ts'
import { CancelledOrder, ownCourier, Shipment, StoppedLine } from '../entities/shipment.ts'
import { move, shipmentLifecycle } from '../lifecycles/shipment.ts'
import { openAddresses } from '../opened.ts'
import { lockShipmentsOf } from '../reads/lock-shipments-of.ts'
import { nearestDepot } from '../reads/nearest.ts'
import type { Services } from '../services.ts'
import { nextTrackingNumber } from '../tracking-number.ts'
import { recalled } from './stop-parcel.ts'

/** A paid part of an order becomes a labelled parcel at the depot nearest to its address: one a part, none for an order that was cancelled or goods recalled meanwhile. */
export async function createShipment(em: EntityManager, actor: Actor, { vault }: Services, order: EventMap['orders.order-paid.v1']): Promise<void> {
  const { orderId, patientId, addressId, adultSignature, coldChain, parcels, fulfilmentId = null, orderLineIds = null } = order
  await lockShipmentsOf(em, orderId)
  if (await em.findOne(CancelledOrder, { orderId })) return
  if (await em.findOne(Shipment, { orderId, fulfilmentId })) return
  const address = await em.findOne(Address, { id: addressId })
  if (!address) throw notYet('the address')
  if (address.patientId !== patientId) throw new AppError('ADDRESS_OF_ANOTHER', 'the address of the order belongs to another patient')
  const [opened] = await openAddresses(em, vault, [address])
  const depotId = opened && (await nearestDepot(em, opened.location))
  if (!depotId) throw notYet(opened ? 'a depot' : 'the address')

  const shipment = em.create(Shipment, {
    id: newId(), orderId, fulfilmentId, orderLineIds, patientId, addressId, depotId, carrier: ownCourier, trackingNumber: await nextTrackingNumber(em), status: 'CREATED',
    reasonCode: null, reasonMessage: null, adultSignature, coldChain, parcels, driverId: null, routeId: null, estimatedDelivery: null, actualDelivery: null,
    attempts: 0, proofKind: null, proofIdChecked: false, proofEvidenceHash: null, proofSealed: null, proofAt: null, scannedAt: null, scanRank: 0,
  })
  begin(em, actor, shipmentLifecycle, shipment, 'create')
  move(em, actor, shipment, 'label')
  if (await em.count(StoppedLine, { orderId, ...(orderLineIds ? { orderLineId: { $in: orderLineIds } } : {}) })) move(em, actor, shipment, 'cancel', recalled)
}
