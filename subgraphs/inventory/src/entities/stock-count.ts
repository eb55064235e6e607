import { defineEntity, p } from '@mikro-orm/postgresql'
import { LotSchema } from './lot.ts'

export const countStatuses = ['REQUESTED', 'COUNTING', 'COUNTED', 'INVESTIGATING', 'REVIEW', 'POSTED'] as const
export type CountStatus = (typeof countStatuses)[number]

/** A count of one lot. Blind: nobody who counts is told what the books or the other counter say. */
export const StockCountSchema = defineEntity({
  name: 'StockCount',
  tableName: 'stock_count',
  properties: {
    id: p.uuid().primary(),
    version: p.integer().version(),
    lotId: () => p.manyToOne(LotSchema).mapToPk().fieldName('lot_id'),
    status: p.enum(countStatuses),
    requestedBy: p.string(),
    requestedAt: p.datetime(),
    firstBy: p.string().nullable(),
    firstQuantity: p.decimal('number').precision(12).scale(3).nullable(),
    secondBy: p.string().nullable(),
    secondQuantity: p.decimal('number').precision(12).scale(3).nullable(),
    /** What the last count found beyond the books at that moment: movements since then do not touch it. */
    variance: p.decimal('number').precision(12).scale(3).nullable(),
  },
  indexes: [
    { properties: ['lotId'] },
    { name: 'stock_count_one_open', expression: `create unique index stock_count_one_open on stock_count (lot_id) where status <> 'POSTED'` },
  ],
})
export class StockCount extends StockCountSchema.class {}
StockCountSchema.setClass(StockCount)
