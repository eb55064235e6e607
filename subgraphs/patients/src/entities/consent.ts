import { clock } from '@pharmagraph/platform'
import { defineEntity, p } from '@mikro-orm/postgresql'

export const purposes = ['DISPENSING', 'NOTIFICATIONS', 'AUTO_REFILL', 'EXCHANGE'] as const
export type Purpose = (typeof purposes)[number]

/** One change of one consent. Rows are added only: what was agreed to, and when, must stay provable (GDPR 7(1)). */
export const ConsentSchema = defineEntity({
  name: 'Consent',
  tableName: 'consent',
  properties: {
    id: p.uuid().primary(),
    patientId: p.uuid(),
    purpose: p.enum(purposes),
    /** Counts the changes of this consent, from 1. */
    version: p.integer(),
    granted: p.boolean(),
    policyVersion: p.string(),
    actor: p.string(),
    at: p.datetime().onCreate(() => clock.now()),
  },
  uniques: [{ properties: ['patientId', 'purpose', 'version'] }],
})
export class Consent extends ConsentSchema.class {}
ConsentSchema.setClass(Consent)
