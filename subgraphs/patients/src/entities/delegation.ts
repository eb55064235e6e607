import { defineEntity, p } from '@mikro-orm/postgresql'

export const delegationScopes = ['VIEW', 'ORDER', 'MESSAGES'] as const
export type DelegationScope = (typeof delegationScopes)[number]
export const delegationStatuses = ['INVITED', 'ACTIVE', 'REVOKED'] as const
export type DelegationStatus = (typeof delegationStatuses)[number]

/** Who the caregiver is, and what to the patient: in their own words, so sealed under the patient's key. */
export type DelegationDetails = { name: string; relationship: string }

/** What a person may do for a patient. */
export const DelegationSchema = defineEntity({
  name: 'Delegation',
  tableName: 'delegation',
  properties: {
    id: p.uuid().primary(),
    version: p.integer().version(),
    patientId: p.uuid().index(),
    /** The caregiver, by the subject of their token; null until the invitation is taken up. */
    subject: p.string().nullable().index(),
    /** In rows of before it was sealed; `seal-relationships` empties it. */
    relationship: p.string().nullable(),
    scopes: p.array().$type<DelegationScope[]>(),
    status: p.enum(delegationStatuses),
    /** JSON of DelegationDetails. */
    sealed: p.text(),
    /** Keyed hash of the invitation's code. */
    codeIndex: p.string().nullable().unique(),
    expiresAt: p.datetime().nullable(),
    since: p.datetime().nullable(),
    /** Counts what was announced of it, so that late events change nothing. */
    announced: p.integer(),
  },
  indexes: [{ name: 'delegation_in_force', expression: "create unique index delegation_in_force on delegation (patient_id, subject) where status = 'ACTIVE'" }],
})
export class Delegation extends DelegationSchema.class {}
DelegationSchema.setClass(Delegation)
