import { defineEntity, p } from '@mikro-orm/postgresql'

export const emergencyReasons = ['UNCONSCIOUS_PATIENT', 'ACUTE_TREATMENT', 'POISONING_OR_OVERDOSE', 'PUBLIC_HEALTH_EMERGENCY'] as const
export type EmergencyReason = (typeof emergencyReasons)[number]
export const emergencyAccessStatuses = ['ACTIVE', 'ENDED', 'JUSTIFIED', 'MISUSED'] as const
export type EmergencyAccessStatus = (typeof emergencyAccessStatuses)[number]

/** A prescriber broke the glass before a record that is not open to them; `sealed` is JSON of { note }, under the patient's key. */
export const EmergencyAccessSchema = defineEntity({
  name: 'EmergencyAccess',
  tableName: 'emergency_access',
  properties: {
    id: p.uuid().primary(),
    version: p.integer().version(),
    patientId: p.uuid().index(),
    /** Who looks, by the subject of their token, and who that is in the register. */
    subject: p.string(),
    practitionerId: p.uuid().nullable(),
    reason: p.enum(emergencyReasons),
    status: p.enum(emergencyAccessStatuses),
    sealed: p.text(),
    grantedAt: p.datetime(),
    expiresAt: p.datetime(),
    endedAt: p.datetime().nullable(),
    /** By whom compliance judged it, and when. */
    reviewedBy: p.string().nullable(),
    reviewedAt: p.datetime().nullable(),
  },
  indexes: [
    { name: 'emergency_access_in_force', expression: "create unique index emergency_access_in_force on emergency_access (subject, patient_id) where status = 'ACTIVE'" },
    { name: 'emergency_access_unjudged', expression: "create index emergency_access_unjudged on emergency_access (expires_at) where status in ('ACTIVE', 'ENDED')" },
  ],
})
export class EmergencyAccess extends EmergencyAccessSchema.class {}
EmergencyAccessSchema.setClass(EmergencyAccess)
