import { clock } from '@pharmagraph/platform'
import { defineEntity, p } from '@mikro-orm/postgresql'

/** What a package costs from a moment on, until the next row begins. Rows are never changed. */
export const DrugPriceSchema = defineEntity({
  name: 'DrugPrice',
  tableName: 'drug_price',
  properties: {
    id: p.uuid().primary(),
    drugId: p.uuid(),
    amountMinor: p.integer().check('amount_minor > 0'),
    currency: p.string().length(3),
    effectiveFrom: p.datetime(),
    note: p.string().nullable(),
    setBy: p.string(),
    setAt: p.datetime().onCreate(() => clock.now()),
  },
  uniques: [{ properties: ['drugId', 'effectiveFrom'] }],
  indexes: [{ properties: ['effectiveFrom'] }],
})
export class DrugPrice extends DrugPriceSchema.class {}
DrugPriceSchema.setClass(DrugPrice)
