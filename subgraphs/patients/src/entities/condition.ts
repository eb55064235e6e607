import { defineEntity, p } from '@mikro-orm/postgresql'

export const ConditionSchema = defineEntity({
  name: 'Condition',
  tableName: 'condition',
  properties: {
    id: p.uuid().primary(),
    patientId: p.uuid(),
    /** Keyed hash of system and code: one row for a condition. */
    codeIndex: p.string(),
    /** JSON of CodedConcept. */
    sealed: p.text(),
    /** Set when it no longer holds; the row stays part of the history. */
    endedAt: p.datetime().nullable(),
  },
  uniques: [{ properties: ['patientId', 'codeIndex'] }],
})
export class Condition extends ConditionSchema.class {}
ConditionSchema.setClass(Condition)
