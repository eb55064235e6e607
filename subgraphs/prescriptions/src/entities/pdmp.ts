import { defineEntity, p } from '@mikro-orm/postgresql'

/** What a state's prescription monitoring programme answered before a verification. */
export const PdmpQuerySchema = defineEntity({
  name: 'PdmpQuery',
  tableName: 'pdmp_query',
  properties: {
    id: p.uuid().primary(),
    prescriptionId: p.uuid().index(),
    state: p.string(),
    askedAt: p.datetime(),
    sealedFor: p.uuid(),
    /** PdmpAnswer, sealed. */
    sealed: p.text(),
  },
})
export class PdmpQuery extends PdmpQuerySchema.class {}
PdmpQuerySchema.setClass(PdmpQuery)

/** A controlled dispensing told to the programme of the state it goes to. */
export const PdmpReportSchema = defineEntity({
  name: 'PdmpReport',
  tableName: 'pdmp_report',
  properties: {
    fillId: p.uuid().primary(),
    state: p.string(),
    /** The last day to tell it. */
    dueDay: p.date(),
    rule: p.string(),
    reportedAt: p.datetime(),
  },
})
export class PdmpReport extends PdmpReportSchema.class {}
PdmpReportSchema.setClass(PdmpReport)

/** A day without a controlled dispensing, told to the programme of a state that wants to hear of such days. */
export const PdmpZeroReportSchema = defineEntity({
  name: 'PdmpZeroReport',
  tableName: 'pdmp_zero_report',
  properties: {
    state: p.string().primary(),
    day: p.date().primary(),
    dueDay: p.date(),
    rule: p.string(),
    /** Null while it has not been told. */
    reportedAt: p.datetime().nullable(),
  },
})
export class PdmpZeroReport extends PdmpZeroReportSchema.class {}
PdmpZeroReportSchema.setClass(PdmpZeroReport)
