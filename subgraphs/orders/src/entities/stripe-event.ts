import { defineEntity, p } from '@mikro-orm/postgresql'
import type { IntentNews } from '../payments/port.ts'

export const stripeEventStates = ['APPLIED', 'PARKED', 'IGNORED'] as const

/** Every webhook once. What is kept of it is our extract: no names, no card details. */
export const StripeEventSchema = defineEntity({
  name: 'StripeEvent',
  tableName: 'stripe_event',
  properties: {
    id: p.string().primary(),
    type: p.string(),
    state: p.enum(stripeEventStates),
    news: p.json<IntentNews>().nullable(),
    receivedAt: p.datetime(),
  },
  indexes: [{ name: 'stripe_event_parked', expression: `create index stripe_event_parked on stripe_event (received_at) where state = 'PARKED'` }],
})
export class StripeEvent extends StripeEventSchema.class {}
StripeEventSchema.setClass(StripeEvent)
