import { defineEntity, p } from '@mikro-orm/postgresql'
import type { Authority } from '../regulations/rules.ts'

export const followUpStates = ['AWAITED', 'RECEIVED', 'OVERDUE', 'NOTIFIED', 'NOT_NEEDED'] as const
export type FollowUpState = (typeof followUpStates)[number]
/** An authority that was told: the legal day on which, its own reference, and who told it. */
export type Notice = { authority: Authority; rule: string; on: string; reference: string; by: string; recordedAt: string }

/** The written or electronic order that must follow an oral one in an emergency (21 CFR 1306.11(d)(4)). */
export const EmergencyFollowUpSchema = defineEntity({
  name: 'EmergencyFollowUp',
  tableName: 'emergency_follow_up',
  properties: {
    id: p.uuid().primary(),
    version: p.integer().version(),
    /** The oral one. */
    prescriptionId: p.uuid().unique(),
    status: p.enum(followUpStates),
    authorisedAt: p.datetime(),
    /** The earliest of all rows that hold, and which row it is. */
    dueAt: p.datetime(),
    rule: p.string(),
    receivedAt: p.datetime().nullable(),
    /** Of a paper one that came by mail. */
    postmarkedOn: p.date().nullable(),
    /** The electronic one that came; null where it was paper. */
    answeredBy: p.uuid().nullable().unique(),
    /** Who saw that it is the one. */
    confirmedBy: p.string().nullable(),
    notices: p.json<Notice[]>(),
  },
  indexes: [{ properties: ['status', 'dueAt'] }],
})
export class EmergencyFollowUp extends EmergencyFollowUpSchema.class {}
EmergencyFollowUpSchema.setClass(EmergencyFollowUp)
