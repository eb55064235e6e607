import { defineEntity, p } from '@mikro-orm/postgresql'
import type { MatchKind } from '../match-tokens.ts'

/** A keyed hash by which the pharmacy finds a patient whose identity it can only open, not search. */
export const PatientTokenSchema = defineEntity({
  name: 'PatientToken',
  tableName: 'patient_token',
  properties: {
    patientId: p.uuid().primary(),
    kind: p.string().$type<MatchKind>().primary(),
    token: p.string(),
  },
  indexes: [{ properties: ['kind', 'token'] }],
})
export class PatientToken extends PatientTokenSchema.class {}
PatientTokenSchema.setClass(PatientToken)
