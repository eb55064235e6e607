import { defineEntity, p } from '@mikro-orm/postgresql'

/**
 * One row per order that ever spoke to us: the lock under which its hold and its cancellation meet, and the memory of
 * a cancellation that came before the request it cancels.
 */
export const StockRequestSchema = defineEntity({
  name: 'StockRequest',
  tableName: 'stock_request',
  properties: {
    /** The order's id. */
    id: p.uuid().primary(),
    cancelledAt: p.datetime().nullable(),
    /** Order lines left out while the order goes on. */
    cancelledLines: p.array().columnType('uuid[]').default([]),
    /** Set once the parcel has left the house: what is packed before can still be stopped. */
    shippedAt: p.datetime().nullable(),
  },
})
export class StockRequest extends StockRequestSchema.class {}
StockRequestSchema.setClass(StockRequest)
