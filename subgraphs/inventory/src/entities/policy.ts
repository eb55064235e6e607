import { defineEntity, p } from '@mikro-orm/postgresql'

export const policyNames = [
  'MINIMUM_DATING_DAYS', 'DEFAULT_DAYS_SUPPLY', 'SINGLE_LOT_WINDOW_DAYS', 'MAX_LOTS_PER_LINE', 'HOLD_DAYS', 'MAX_HOLD_DAYS', 'LOW_STOCK_PACKAGES',
  'DEMAND_WINDOW_DAYS', 'LEAD_TIME_DAYS', 'LEAD_TIME_SD_DAYS', 'SERVICE_Z_HUNDREDTHS', 'TARGET_COVER_DAYS', 'ORDER_COST_MINOR', 'HOLDING_COST_MINOR_PER_YEAR',
] as const
export type PolicyName = (typeof policyNames)[number]

/** A number the pharmacy decides, in force from a day until a later row of the same name. The first migration sets the initial ones. */
export const PolicySchema = defineEntity({
  name: 'Policy',
  tableName: 'policy',
  properties: {
    name: p.enum(policyNames).primary(),
    effectiveFrom: p.date().primary(),
    value: p.integer().check('value >= 0'),
    /** Why: the practice or rule the number comes from. */
    source: p.text(),
  },
})
export class Policy extends PolicySchema.class {}
PolicySchema.setClass(Policy)
