import { handler } from '@pharmagraph/platform'
import { cancelShipment } from '../commands/cancel-shipment.ts'

export const cancelShipmentOnOrderCancelled = handler('orders.order-cancelled.v1', 'cancel-shipment', (em, { data }, actor) => cancelShipment(em, actor, data))
