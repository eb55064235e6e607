import type { Actor, EntityManager } from '@pharmagraph/platform'
import { CancelledOrder, Shipment } from '../entities/shipment.ts'
import { lockShipmentsOf } from '../reads/lock-shipments-of.ts'
import type { Services } from '../services.ts'
import { stopShipment } from './stop-parcel.ts'

/** Stops the parcels of a cancelled order: those on the shelf and under way, and any that is not made yet. */
export async function cancelShipments(
  em: EntityManager, actor: Actor, services: Services, { orderId, reasonCode }: { orderId: string; reasonCode: string },
): Promise<void> {
  await lockShipmentsOf(em, orderId)
  if (!(await em.findOne(CancelledOrder, { orderId }))) em.create(CancelledOrder, { orderId })
  const shipments = await em.find(Shipment, { orderId }, { fields: ['id', 'routeId'], disableIdentityMap: true, orderBy: { id: 'asc' } })
  for (const seen of shipments) await stopShipment(em, actor, services, seen, { code: reasonCode, message: 'The order was cancelled.' })
}

/** Stops the parcel of one part of an order, whose other parts go on. */
export async function cancelShipmentOfPart(
  em: EntityManager, actor: Actor, services: Services, { orderId, fulfilmentId, reasonCode }: { orderId: string; fulfilmentId: string; reasonCode: string },
): Promise<void> {
  await lockShipmentsOf(em, orderId)
  const shipments = await em.find(Shipment, { orderId, fulfilmentId }, { fields: ['id', 'routeId'], disableIdentityMap: true, orderBy: { id: 'asc' } })
  for (const seen of shipments) await stopShipment(em, actor, services, seen, { code: reasonCode, message: 'This part of the order was cancelled.' })
}
