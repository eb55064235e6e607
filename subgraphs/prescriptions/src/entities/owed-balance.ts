import { defineEntity, p } from '@mikro-orm/postgresql'
import { partCauses } from './fill.ts'

export const owedBalanceStates = ['OWED', 'COMPLETED', 'VOID'] as const
export type OwedBalanceState = (typeof owedBalanceStates)[number]

/** What is left of a fill of which a part was dispensed, and until when it may follow. */
export const OwedBalanceSchema = defineEntity({
  name: 'OwedBalance',
  tableName: 'owed_balance',
  properties: {
    id: p.uuid().primary(),
    version: p.integer().version(),
    prescriptionId: p.uuid().index(),
    /** The fill that was the first part. */
    fillId: p.uuid().unique(),
    /** Of the fill its parts make. */
    number: p.integer(),
    status: p.enum(owedBalanceStates),
    statusReasonCode: p.string().nullable(),
    prescribed: p.decimal('number').precision(12).scale(3),
    dispensed: p.decimal('number').precision(12).scale(3).check('dispensed >= 0 and dispensed <= prescribed'),
    cause: p.enum(partCauses),
    firstAt: p.datetime(),
    /** After it the rest is void and takes a new prescription. */
    deadline: p.datetime(),
    /** Id of the regulation row that set it. */
    rule: p.string(),
  },
  indexes: [{ properties: ['status', 'deadline'] }],
})
export class OwedBalance extends OwedBalanceSchema.class {}
OwedBalanceSchema.setClass(OwedBalance)

/** Units still to come. */
export const owed = ({ prescribed, dispensed }: Pick<OwedBalance, 'prescribed' | 'dispensed'>): number => Math.round((prescribed - dispensed) * 1000) / 1000
