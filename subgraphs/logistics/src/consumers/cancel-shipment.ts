import { handler } from '@pharmagraph/platform'
import { cancelShipment } from '../commands/cancel-shipment.ts'
import { services } from '../services.ts'

export const cancelShipmentOnOrderCancelled = handler('orders.order-cancelled.v1', 'cancel-shipment', (em, { data }, actor) => cancelShipment(em, actor, services(), data))
