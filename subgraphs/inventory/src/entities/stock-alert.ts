import { defineEntity, p } from '@mikro-orm/postgresql'

/** A drug whose usable stock is below its reorder point; the row goes when stock has come. */
export const StockAlertSchema = defineEntity({
  name: 'StockAlert',
  tableName: 'stock_alert',
  properties: {
    /** The drug's id. */
    id: p.uuid().primary(),
    position: p.decimal('number').precision(12).scale(3),
    reorderPoint: p.decimal('number').precision(12).scale(3),
    suggestedQuantity: p.decimal('number').precision(12).scale(3),
    since: p.datetime(),
  },
})
export class StockAlert extends StockAlertSchema.class {}
StockAlertSchema.setClass(StockAlert)
