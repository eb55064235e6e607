import { clock } from '@pharmagraph/platform'
import { defineEntity, p } from '@mikro-orm/postgresql'

/** What was paid for a lot: `costMinor` for so many units, since a tablet may cost less than a cent. The last word counts. */
export const LotCostSchema = defineEntity({
  name: 'LotCost',
  tableName: 'lot_cost',
  properties: {
    lotId: p.uuid().primary(),
    costMinor: p.integer().check('cost_minor >= 0'),
    units: p.decimal('number').precision(12).scale(3).check('units > 0'),
    recordedBy: p.string(),
    recordedAt: p.datetime().onCreate(() => clock.now()).onUpdate(() => clock.now()),
  },
})
export class LotCost extends LotCostSchema.class {}
LotCostSchema.setClass(LotCost)
