import { clock } from '@pharmagraph/platform'
import { defineEntity, p } from '@mikro-orm/postgresql'
import { Order } from './order.ts'

export const fulfilmentStatuses = ['PLANNED', 'BACKORDERED', 'HELD', 'RELEASED', 'PAID', 'SHIPPED', 'DELIVERY_EXCEPTION', 'DELIVERED', 'RETURNED', 'CANCELLED'] as const
export type FulfilmentStatus = (typeof fulfilmentStatuses)[number]

/** A part of an order: the lines that are released, paid and sent together, in one parcel. */
export const FulfilmentSchema = defineEntity({
  name: 'Fulfilment',
  tableName: 'fulfilment',
  properties: {
    id: p.uuid().primary(),
    version: p.integer().version(),
    orderId: () => p.manyToOne(Order).mapToPk().joinColumn('order_id'),
    patientId: p.uuid(),
    /** 1, 2, … within the order. */
    number: p.integer(),
    status: p.enum(fulfilmentStatuses),
    statusSince: p.datetime().onCreate(() => clock.now()),
    /** Code of src/reasons.ts: why it waits, is late or came back. */
    reasonCode: p.string().nullable(),
    /** The capture that takes its money. */
    captureNumber: p.integer().nullable(),
    /** Time of the newest shipment event applied: an older one that comes late changes nothing. */
    shipmentSeenAt: p.datetime().nullable(),
  },
  uniques: [{ properties: ['orderId', 'number'] }],
  indexes: [{ name: 'fulfilment_backordered', expression: `create index fulfilment_backordered on fulfilment (order_id) where status = 'BACKORDERED'` }],
})
export class Fulfilment extends FulfilmentSchema.class {}
FulfilmentSchema.setClass(Fulfilment)
