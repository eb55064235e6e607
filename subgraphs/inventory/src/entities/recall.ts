import { defineEntity, p } from '@mikro-orm/postgresql'
import { LotSchema } from './lot.ts'

export const recallClasses = ['I', 'II', 'III'] as const
export const recallStatuses = ['OPEN', 'CLOSED'] as const
export type RecallStatus = (typeof recallStatuses)[number]
export const noticeStatuses = ['REQUESTED', 'ACKNOWLEDGED', 'UNREACHABLE'] as const
export type NoticeStatus = (typeof noticeStatuses)[number]

/** A recall as the FDA or the manufacturer published it (21 CFR 7.3(m): class I, II or III). */
export const RecallSchema = defineEntity({
  name: 'Recall',
  tableName: 'recall',
  properties: {
    id: p.uuid().primary(),
    version: p.integer().version(),
    /** Recall number of the enforcement report, or the firm's own: a recall is opened once. */
    reference: p.string().unique(),
    /** Twelve digits each, see schema/identifiers. */
    ndc12s: p.array().fieldName('ndc12s'),
    /** In capitals; none means every lot of these products. */
    lotNumbers: p.array(),
    recallClass: p.enum(recallClasses),
    reason: p.text(),
    /** The notice as it was read, for whoever doubts the reading. */
    sourceText: p.text().nullable(),
    status: p.enum(recallStatuses),
    openedBy: p.string(),
    openedAt: p.datetime(),
  },
})
export class Recall extends RecallSchema.class {}
RecallSchema.setClass(Recall)

/** A lot of ours that a recall names, whatever has become of the lot since. */
export const RecallLotSchema = defineEntity({
  name: 'RecallLot',
  tableName: 'recall_lot',
  properties: {
    recallId: () => p.manyToOne(RecallSchema).mapToPk().fieldName('recall_id').primary(),
    lotId: () => p.manyToOne(LotSchema).mapToPk().fieldName('lot_id').primary(),
  },
  indexes: [{ properties: ['lotId'] }],
})
export class RecallLot extends RecallLotSchema.class {}
RecallLotSchema.setClass(RecallLot)

/** One person to be told of one recall, until they say that they know. */
export const RecallNoticeSchema = defineEntity({
  name: 'RecallNotice',
  tableName: 'recall_notice',
  properties: {
    id: p.uuid().primary(),
    version: p.integer().version(),
    recallId: () => p.manyToOne(RecallSchema).mapToPk().fieldName('recall_id'),
    patientId: p.uuid().index(),
    status: p.enum(noticeStatuses),
    requestedAt: p.datetime(),
    /** When the message went out; null where none could be sent: somebody must call. */
    notifiedAt: p.datetime().nullable(),
    answeredAt: p.datetime().nullable(),
  },
  uniques: [{ properties: ['recallId', 'patientId'] }],
})
export class RecallNotice extends RecallNoticeSchema.class {}
RecallNoticeSchema.setClass(RecallNotice)
