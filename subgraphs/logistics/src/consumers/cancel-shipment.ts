import { handler } from '@pharmagraph/platform'
import { cancelShipmentOfPart, cancelShipments } from '../commands/cancel-shipment.ts'
import { services } from '../services.ts'

export const cancelShipmentOnOrderCancelled = handler('orders.order-cancelled.v1', 'cancel-shipment', (em, { data }, actor) => cancelShipments(em, actor, services(), data))

/** A part that was paid for is dropped, as where its fills went back on the shelf: its parcel does not leave. */
export const cancelShipmentOnPartDropped = handler('orders.fulfilment-status-changed.v1', 'cancel-shipment-of-part', async (em, { data: { orderId, fulfilmentId, from, to, reasonCode } }, actor) => {
  if (from === 'PAID' && to === 'CANCELLED') await cancelShipmentOfPart(em, actor, services(), { orderId, fulfilmentId, reasonCode: reasonCode ?? 'PART_CANCELLED' })
})
