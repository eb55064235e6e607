import { defineEntity, p } from '@mikro-orm/postgresql'

/** Whom a patient lets act for them, as the patients service told: the latest version counts. */
export const DelegationFactSchema = defineEntity({
  name: 'DelegationFact',
  tableName: 'delegation_fact',
  properties: {
    id: p.uuid().primary(),
    patientId: p.uuid(),
    /** The caregiver, as `sub` of their tokens. */
    subject: p.string().index(),
    /** None means no access. */
    scopes: p.array(),
    factVersion: p.integer(),
  },
})
export class DelegationFact extends DelegationFactSchema.class {}
DelegationFactSchema.setClass(DelegationFact)
