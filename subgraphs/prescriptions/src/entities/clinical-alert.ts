import { defineEntity, p } from '@mikro-orm/postgresql'

/** PATIENT: about allergies, age or condition, so that all it says is sealed, its real kind and code as well. */
export const storedKinds = ['DRUG_DRUG', 'DUPLICATE_THERAPY', 'EARLY_REFILL', 'LATE_REFILL', 'PATIENT'] as const
export type AlertKind = Exclude<(typeof storedKinds)[number], 'PATIENT'> | 'ALLERGY' | 'DOSE' | 'PRECAUTION'
/** What is sealed of an alert of the stored kind PATIENT; of the others it is the sentence alone. */
export type PatientAlert = { kind: AlertKind; reasonCode: string; message: string; evidence: string }
export const severities = ['CONTRAINDICATED', 'MAJOR', 'MODERATE', 'MINOR'] as const
export type Severity = (typeof severities)[number]

export const ClinicalAlertSchema = defineEntity({
  name: 'ClinicalAlert',
  tableName: 'clinical_alert',
  properties: {
    id: p.uuid().primary(),
    version: p.integer().version(),
    prescriptionId: p.uuid(),
    /** The other prescription of the pair; the prescription itself where the finding is about it and its patient alone. */
    otherPrescriptionId: p.uuid().index(),
    kind: p.enum(storedKinds),
    /** NCPDP 439-E4; empty where it is sealed. */
    reasonCode: p.string(),
    severity: p.enum(severities),
    /** What was found: the interaction's id, the ingredient or class both share, or a keyed hash of what it is about the patient. */
    finding: p.string(),
    /** Whose data key seals what follows: the patient's. */
    sealedFor: p.uuid(),
    /** The sentence, or a PatientAlert, sealed. */
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
    /** The second pharmacist, where the severity asks for two. */
    confirmedBy: p.string().nullable(),
    confirmedById: p.uuid().nullable(),
    confirmedAt: p.datetime().nullable(),
    foundAt: p.datetime(),
  },
  uniques: [{ properties: ['prescriptionId', 'otherPrescriptionId', 'kind', 'finding'] }],
})
export class ClinicalAlert extends ClinicalAlertSchema.class {}
ClinicalAlertSchema.setClass(ClinicalAlert)
