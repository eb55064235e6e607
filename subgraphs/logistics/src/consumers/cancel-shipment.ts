import { handler } from '@pharmagraph/platform'
import { cancelShipments } from '../commands/cancel-shipment.ts'
import { services } from '../services.ts'

export const cancelShipmentOnOrderCancelled = handler('orders.order-cancelled.v1', 'cancel-shipment', (em, { data }, actor) => cancelShipments(em, actor, services(), data))
