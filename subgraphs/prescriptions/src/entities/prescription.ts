import { defineEntity, p } from '@mikro-orm/postgresql'

export const prescriptionStates = [
  'RECEIVED', 'DATA_ENTRY', 'CLINICAL_REVIEW', 'CLARIFICATION', 'VERIFIED', 'ON_HOLD', 'DEPLETED', 'EXPIRED', 'DISCONTINUED', 'TRANSFERRED_OUT', 'REJECTED', 'CANCELLED', 'DUPLICATE',
] as const
export const prescriptionSources = ['NCPDP_SCRIPT', 'FHIR', 'PORTAL', 'UPLOAD', 'ORAL'] as const
export const deaSchedules = ['NONE', 'CI', 'CII', 'CIII', 'CIV', 'CV'] as const
/** How the prescriber came to know the patient: 21 USC 829(e), 21 CFR 1306.09. */
export const evaluationBases = ['IN_PERSON', 'TELEMED_TEMP_RULE', 'SPECIAL_REG', 'VA', 'BUPRENORPHINE'] as const
export type PrescriptionState = (typeof prescriptionStates)[number]
export type PrescriptionSource = (typeof prescriptionSources)[number]
export type DeaSchedule = (typeof deaSchedules)[number]
export type EvaluationBasis = (typeof evaluationBases)[number]

export const PrescriptionSchema = defineEntity({
  name: 'Prescription',
  tableName: 'prescription',
  properties: {
    id: p.uuid().primary(),
    version: p.integer().version(),
    number: p.string().unique(),
    status: p.enum(prescriptionStates),
    statusReasonCode: p.string().nullable(),
    /** Free text of the reason, sealed: people write what they should not. */
    statusReasonSealed: p.text().nullable(),
    patientId: p.uuid().nullable(),
    practitionerId: p.uuid().nullable().index(),
    drugId: p.uuid().nullable(),
    deaSchedule: p.enum(deaSchedules),
    source: p.enum(prescriptionSources),
    /** Whose data key seals the content: the patient's, or the prescription's own while nobody is matched. */
    sealedFor: p.uuid(),
    /** PrescriptionContent, sealed. */
    sealed: p.text(),
    contentHash: p.string().index(),
    /** Ed25519 over the content and this row's id, base64url, made when it came in. */
    signature: p.text(),
    signatureKeyId: p.string(),
    /** Over what the pharmacist verified: content, patient, drug, schedule. */
    verificationSignature: p.text().nullable(),
    verificationKeyId: p.string().nullable(),
    /** Keyed hashes of the patient as written, by which a patient who registers later is matched. */
    matchTokens: p.array(),
    prescriberNpi: p.string(),
    /** Identity of the submission at its sender: a repeat finds this row. */
    externalKey: p.string().unique(),
    /** The e-prescribing network's names for it, for cancellations and answers. */
    messageId: p.string().nullable(),
    prescriberOrderNumber: p.string().nullable().index(),
    /** Of SCRIPT, as the prescriber's system speaks it. */
    scriptVersion: p.string().nullable(),
    /** Dispensing units; 0 while an upload has not been read. */
    quantity: p.decimal('number').precision(12).scale(3).check('quantity >= 0'),
    daysSupply: p.integer().nullable(),
    refillsAuthorized: p.integer().check('refills_authorized >= 0'),
    fillsReleased: p.integer().default(0).check('fills_released >= 0 and fills_released <= refills_authorized + 1'),
    daw: p.integer(),
    issueDate: p.date(),
    earliestFillDate: p.date().nullable(),
    expiryDate: p.date(),
    /** Id of the regulation row that set expiryDate. */
    expiryRule: p.string(),
    evaluationBasis: p.enum(evaluationBases),
    /** A condition is named on its face, for which a state permits more days at a time; which one is sealed. */
    conditionNamed: p.boolean().default(false),
    /** When its prescriber authorised it by word of mouth in an emergency (21 CFR 1306.11(d)); null for all others. */
    oralAuthorisedAt: p.datetime().nullable(),
    /** Two letters: where the patient lives, whose rules are added to the federal ones. Null while it is not known. */
    patientState: p.string().nullable(),
    /** While it is on hold: the first day on which it goes on by itself; null where a pharmacist must say so. */
    resumeOn: p.date().nullable(),
    /** Until when what was dispensed lasts, if taken as directed. */
    supplyUntil: p.date().nullable(),
    /** The version this one takes the place of, and the first of all: what was dispensed under any of them counts. */
    priorPrescriptionId: p.uuid().nullable(),
    chainId: p.uuid().nullable(),
    /** Of the next fill, where it is not the whole: the rest owed of a part, or a short fill that brings prescriptions to one day. */
    nextQuantity: p.decimal('number').precision(12).scale(3).nullable(),
    /** The product a pharmacist chose in place of the one written, and the dispense-as-written code that says why. */
    substituteDrugId: p.uuid().nullable(),
    substituteDaw: p.integer().nullable(),
    /** Why the next refill may come early, and who allowed it; used up by the release. */
    earlyRefillReason: p.string().nullable(),
    earlyRefillBy: p.string().nullable(),
    /** Whether refills are asked for by themselves. */
    autoRefill: p.boolean().default(false),
    /** Of which run-out the patient was told that it comes near. */
    dueSoonToldFor: p.date().nullable(),
    submittedBy: p.string(),
    /** Who completed the data; null when the message was complete. */
    enteredBy: p.string().nullable(),
    verifiedBy: p.string().nullable(),
    verifierId: p.uuid().nullable(),
    verifiedAt: p.datetime().nullable(),
    secondFactorAt: p.datetime().nullable(),
    receivedAt: p.datetime(),
  },
  indexes: [{ properties: ['patientId', 'status'] }, { properties: ['status', 'expiryDate'] }, { name: 'prescription_match_tokens', expression: 'create index prescription_match_tokens on prescription using gin (match_tokens)' }],
})
export class Prescription extends PrescriptionSchema.class {}
PrescriptionSchema.setClass(Prescription)

/** Refills left, the first fill not counted. */
export const refillsRemaining = ({ refillsAuthorized, fillsReleased }: Pick<Prescription, 'refillsAuthorized' | 'fillsReleased'>): number =>
  refillsAuthorized - Math.max(0, (fillsReleased ?? 0) - 1)

/** The id all versions of a prescription share. */
export const chainOf = ({ id, chainId }: Pick<Prescription, 'id' | 'chainId'>): string => chainId ?? id
/** The product to dispense. */
export const productOf = ({ drugId, substituteDrugId }: Pick<Prescription, 'drugId' | 'substituteDrugId'>): string | null => substituteDrugId ?? drugId ?? null

/** Days that so many units last, of the days' supply of the whole. */
export const daysOf = ({ quantity, daysSupply }: Pick<Prescription, 'quantity' | 'daysSupply'>, units: number): number | null =>
  daysSupply ? Math.max(1, Math.floor((daysSupply * units) / quantity)) : null

export const isControlled = (schedule: DeaSchedule): boolean => schedule !== 'NONE'
