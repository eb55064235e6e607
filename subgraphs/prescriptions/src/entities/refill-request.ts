import { defineEntity, p } from '@mikro-orm/postgresql'

export const refillOrigins = ['PATIENT', 'AUTO', 'STAFF', 'MED_SYNC'] as const
export const refillStates = ['REQUESTED', 'WAITING', 'WITH_PRESCRIBER', 'READY', 'ORDERED', 'DONE', 'RENEWED', 'DECLINED', 'CANCELLED'] as const
export type RefillOrigin = (typeof refillOrigins)[number]
export type RefillState = (typeof refillStates)[number]
export const openRefillStates: readonly RefillState[] = ['REQUESTED', 'WAITING', 'WITH_PRESCRIBER', 'READY', 'ORDERED']

/** Somebody wants the next fill of a prescription: what was decided, why, and until when it waits. The order itself is the patient's. */
export const RefillRequestSchema = defineEntity({
  name: 'RefillRequest',
  tableName: 'refill_request',
  properties: {
    id: p.uuid().primary(),
    version: p.integer().version(),
    prescriptionId: p.uuid().index(),
    patientId: p.uuid().index(),
    origin: p.enum(refillOrigins),
    status: p.enum(refillStates),
    /** Why it is where it is. */
    reasonCode: p.string(),
    /** The row of the regulations behind the reason, where one is. */
    rule: p.string().nullable(),
    /** While it waits: the first day on which it may be filled. */
    dueOn: p.date().nullable(),
    orderId: p.uuid().nullable(),
    /** The prescription a renewal became. */
    renewedById: p.uuid().nullable(),
    requestedBy: p.string(),
    requestedAt: p.datetime(),
    askedPrescriberAt: p.datetime().nullable(),
  },
  indexes: [
    { properties: ['status', 'dueOn'] },
    { name: 'refill_request_one_open', expression: `create unique index refill_request_one_open on refill_request (prescription_id) where status in ('REQUESTED', 'WAITING', 'WITH_PRESCRIBER', 'READY', 'ORDERED')` },
  ],
})
export class RefillRequest extends RefillRequestSchema.class {}
RefillRequestSchema.setClass(RefillRequest)
