import { defineEntity, p } from '@mikro-orm/postgresql'

export const alertKinds = ['DRUG_DRUG', 'DUPLICATE_THERAPY'] as const
export const severities = ['CONTRAINDICATED', 'MAJOR', 'MODERATE', 'MINOR'] as const
export type Severity = (typeof severities)[number]

export const ClinicalAlertSchema = defineEntity({
  name: 'ClinicalAlert',
  tableName: 'clinical_alert',
  properties: {
    id: p.uuid().primary(),
    version: p.integer().version(),
    prescriptionId: p.uuid(),
    /** The other prescription of the pair. */
    otherPrescriptionId: p.uuid().index(),
    kind: p.enum(alertKinds),
    /** NCPDP 439-E4. */
    reasonCode: p.string(),
    severity: p.enum(severities),
    /** What was found: the interaction's id, or the ingredient or class both share. */
    finding: p.string(),
    /** Whose data key seals what follows: the patient's. */
    sealedFor: p.uuid(),
    /** The sentence, sealed. */
    sealed: p.text(),
    management: p.text().nullable(),
    evidence: p.text(),
    knowledgeVersion: p.string(),
    open: p.boolean(),
    professionalService: p.string().nullable(),
    result: p.string().nullable(),
    overrideSealed: p.text().nullable(),
    overriddenBy: p.string().nullable(),
    overriddenById: p.uuid().nullable(),
    overriddenAt: p.datetime().nullable(),
    foundAt: p.datetime(),
  },
  uniques: [{ properties: ['prescriptionId', 'otherPrescriptionId', 'kind', 'finding'] }],
})
export class ClinicalAlert extends ClinicalAlertSchema.class {}
ClinicalAlertSchema.setClass(ClinicalAlert)
