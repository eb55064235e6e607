import { clock } from '@pharmagraph/platform'
import { defineEntity, p } from '@mikro-orm/postgresql'
import { deliveries } from './order.ts'

/** What a patient chose when they switched automatic refills of a prescription on: where to, paid with what, at most how much. */
export const AutoRefillPlanSchema = defineEntity({
  name: 'AutoRefillPlan',
  tableName: 'auto_refill_plan',
  properties: {
    prescriptionId: p.uuid().primary(),
    version: p.integer().version(),
    patientId: p.uuid().index(),
    /** The product they agreed to; another one is asked about. */
    drugId: p.uuid(),
    addressId: p.uuid(),
    /** A saved method of theirs, charged without them. */
    paymentMethodId: p.string(),
    delivery: p.enum(deliveries),
    /** The most a refill may cost in all, tax and shipping included, minor units; above it they are asked. */
    ceilingMinor: p.integer().check('ceiling_minor > 0'),
    currency: p.string().length(3),
    arrangedAt: p.datetime().onCreate(() => clock.now()).onUpdate(() => clock.now()),
  },
})
export class AutoRefillPlan extends AutoRefillPlanSchema.class {}
AutoRefillPlanSchema.setClass(AutoRefillPlan)

export const autoRefillStatuses = ['SCHEDULED', 'ASKING', 'ORDERED', 'PAYMENT_NEEDED', 'DONE', 'SKIPPED', 'WITHDRAWN'] as const
export type AutoRefillStatus = (typeof autoRefillStatuses)[number]
/** No order has come of it yet. */
export const waitingAutoRefills = ['SCHEDULED', 'ASKING'] as const satisfies AutoRefillStatus[]
export const openAutoRefills = [...waitingAutoRefills, 'ORDERED', 'PAYMENT_NEEDED'] as const satisfies AutoRefillStatus[]

/** One automatic refill on its way to an order. Its id is the refill request's: told twice it is the same one. */
export const AutoRefillSchema = defineEntity({
  name: 'AutoRefill',
  tableName: 'auto_refill',
  properties: {
    id: p.uuid().primary(),
    version: p.integer().version(),
    prescriptionId: p.uuid().index(),
    patientId: p.uuid(),
    status: p.enum(autoRefillStatuses),
    statusSince: p.datetime().onCreate(() => clock.now()),
    /** Code of src/reasons.ts: why it asks or ended. */
    reasonCode: p.string().nullable(),
    /** The last day the supply at home covers. */
    runsOutOn: p.date().nullable(),
    /** The day the order is placed; until then it can be changed or skipped. */
    orderOn: p.date(),
    /** The order last placed for it. */
    orderId: p.uuid().nullable().index(),
    /** How many orders were placed for it: each has an idempotency key of its own. */
    orders: p.integer().default(0),
    createdAt: p.datetime().onCreate(() => clock.now()),
  },
  indexes: [{ properties: ['patientId', 'status'] }, { name: 'auto_refill_due', expression: `create index auto_refill_due on auto_refill (order_on) where status = 'SCHEDULED'` }],
})
export class AutoRefill extends AutoRefillSchema.class {}
AutoRefillSchema.setClass(AutoRefill)
