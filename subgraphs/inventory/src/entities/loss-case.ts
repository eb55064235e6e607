import { defineEntity, p } from '@mikro-orm/postgresql'
import { LotSchema } from './lot.ts'

export const lossStatuses = ['OPEN', 'NOTIFIED', 'REPORTED'] as const
export type LossStatus = (typeof lossStatuses)[number]

/** Controlled substance that is missing (21 CFR 1301.76(b)): two clocks run from the day it was found out. */
export const LossCaseSchema = defineEntity({
  name: 'LossCase',
  tableName: 'loss_case',
  properties: {
    id: p.uuid().primary(),
    version: p.integer().version(),
    lotId: () => p.manyToOne(LotSchema).mapToPk().fieldName('lot_id'),
    drugId: p.uuid(),
    deaSchedule: p.string(),
    quantity: p.decimal('number').precision(12).scale(3).check('quantity > 0'),
    status: p.enum(lossStatuses),
    discoveredOn: p.date(),
    /** Written notice to the DEA field office. */
    noticeDueOn: p.date(),
    /** DEA Form 106, electronic. */
    reportDueOn: p.date(),
    noticedAt: p.datetime().nullable(),
    reportedAt: p.datetime().nullable(),
  },
  indexes: [{ properties: ['status', 'noticeDueOn'] }],
})
export class LossCase extends LossCaseSchema.class {}
LossCaseSchema.setClass(LossCase)
