import { defineEntity, p } from '@mikro-orm/postgresql'

export type InsuranceDetails = { payer: string; memberId: string; groupNumber: string | null }

/** What the patient is to the cardholder (NCPDP 306-C6). */
export const relationships = ['CARDHOLDER', 'SPOUSE', 'CHILD', 'OTHER'] as const
export type Relationship = (typeof relationships)[number]

export const InsurancePolicySchema = defineEntity({
  name: 'InsurancePolicy',
  tableName: 'insurance_policy',
  properties: {
    id: p.uuid().primary(),
    version: p.integer().version(),
    patientId: p.uuid(),
    /** Keyed hash of the member id, to find the policy it replaces. */
    memberIndex: p.string(),
    /** JSON of InsuranceDetails. */
    sealed: p.text(),
    bin: p.string().nullable(),
    pcn: p.string().nullable(),
    relationship: p.enum(relationships),
    endedAt: p.datetime().nullable(),
  },
  uniques: [{ properties: ['patientId', 'memberIndex'] }],
})
export class InsurancePolicy extends InsurancePolicySchema.class {}
InsurancePolicySchema.setClass(InsurancePolicy)
