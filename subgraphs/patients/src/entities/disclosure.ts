import { defineEntity, p } from '@mikro-orm/postgresql'

/** One disclosure of a patient's record to somebody outside, for the accounting of 45 CFR 164.528. Rows are added only. */
export const DisclosureSchema = defineEntity({
  name: 'Disclosure',
  tableName: 'disclosure',
  properties: {
    id: p.uuid().primary(),
    patientId: p.uuid(),
    at: p.datetime(),
    /** Who received it: the partner's client id. */
    recipient: p.string(),
    /** What was disclosed, in a phrase without health in it. */
    what: p.string(),
    purpose: p.string(),
    /** The version of the consent it rested on. */
    consentVersion: p.integer(),
  },
  indexes: [{ properties: ['patientId', 'id'] }],
})
export class Disclosure extends DisclosureSchema.class {}
DisclosureSchema.setClass(Disclosure)
