import { clock } from '@pharmagraph/platform'
import { defineEntity, p } from '@mikro-orm/postgresql'

export const severities = ['MILD', 'MODERATE', 'SEVERE', 'UNKNOWN'] as const
/** A code of a terminology: RxNorm, SNOMED CT, ICD-10-CM. */
export type CodedConcept = { system: string; code: string; display: string }
export type AllergyDetails = { substance: CodedConcept; reaction: string | null }

export const AllergySchema = defineEntity({
  name: 'Allergy',
  tableName: 'allergy',
  properties: {
    id: p.uuid().primary(),
    version: p.integer().version(),
    patientId: p.uuid(),
    /** Keyed hash of system and code: one row for a substance. */
    substanceIndex: p.string(),
    /** JSON of AllergyDetails. */
    sealed: p.text(),
    severity: p.enum(severities),
    recordedAt: p.datetime().onCreate(() => clock.now()),
    /** Set when it no longer holds; the row stays part of the history. */
    endedAt: p.datetime().nullable(),
  },
  uniques: [{ properties: ['patientId', 'substanceIndex'] }],
})
export class Allergy extends AllergySchema.class {}
AllergySchema.setClass(Allergy)
