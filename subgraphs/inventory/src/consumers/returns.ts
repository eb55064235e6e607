/** What was packed comes back: from the bench, where it never left the house, or in a parcel that was out of it. */
import { handler } from '@pharmagraph/platform'
import { takeBack } from '../commands/release-stock.ts'

export const fillReturned = handler('prescriptions.fill-returned.v1', 'take-back-fill', (em, { data: { orderId, orderLineId, leftControl } }, actor) =>
  takeBack(em, actor, { orderId, which: { orderLineId }, origin: leftControl ? 'RETURN_FROM_OUTSIDE' : 'RETURN' }))

export const parcelReturned = handler('logistics.shipment-status-changed.v1', 'take-back-parcel', async (em, { data: { orderId, fulfilmentId, to } }, actor) => {
  if (to === 'RETURNED') await takeBack(em, actor, { orderId, which: fulfilmentId ? { fulfilmentId } : {}, origin: 'RETURN_FROM_OUTSIDE' })
})
