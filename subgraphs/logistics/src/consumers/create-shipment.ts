import { handler } from '@pharmagraph/platform'
import { createShipment } from '../commands/create-shipment.ts'
import { services } from '../services.ts'

export const createShipmentOnOrderPaid = handler('orders.order-paid.v1', 'create-shipment', (em, { data }, actor) => createShipment(em, actor, services(), data))
