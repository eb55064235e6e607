/** What we keep of other subgraphs' facts: copies made from their events, by version, never asked for. */
import { defineEntity, p } from '@mikro-orm/postgresql'
import { severities } from './clinical-alert.ts'
import { deaSchedules } from './prescription.ts'

export const PatientFactSchema = defineEntity({
  name: 'PatientFact',
  tableName: 'patient_fact',
  properties: {
    patientId: p.uuid().primary(),
    /** Whether the patient is registered, not only heard of through a consent that came first. */
    registered: p.boolean(),
    /** When the registration heard of was told; an older one changes nothing. */
    asOf: p.datetime().nullable(),
    dispensingConsent: p.boolean(),
    /** Of the consent, to tell a late event from a newer one. */
    consentVersion: p.integer(),
    autoRefillConsent: p.boolean().default(false),
    autoRefillConsentVersion: p.integer().default(0),
    /** Whether the patient's clinics may be told what was dispensed. */
    exchangeConsent: p.boolean().default(false),
    exchangeConsentVersion: p.integer().default(0),
  },
})
export class PatientFact extends PatientFactSchema.class {}
PatientFactSchema.setClass(PatientFact)

export const PatientTokenSchema = defineEntity({
  name: 'PatientToken',
  tableName: 'patient_token',
  properties: {
    patientId: p.uuid().primary(),
    kind: p.string().primary(),
    token: p.string().primary(),
  },
  indexes: [{ properties: ['token'] }],
})
export class PatientToken extends PatientTokenSchema.class {}
PatientTokenSchema.setClass(PatientToken)

export const PractitionerFactSchema = defineEntity({
  name: 'PractitionerFact',
  tableName: 'practitioner_fact',
  properties: {
    practitionerId: p.uuid().primary(),
    npi: p.string().unique(),
    deaNumber: p.string().nullable(),
    active: p.boolean(),
    licenceStates: p.array(),
    scheduleAuthority: p.array(),
    asOf: p.datetime(),
  },
})
export class PractitionerFact extends PractitionerFactSchema.class {}
PractitionerFactSchema.setClass(PractitionerFact)

export type IngredientFact = { rxcui: string | null; name: string; strength: string }

export const DrugFactSchema = defineEntity({
  name: 'DrugFact',
  tableName: 'drug_fact',
  properties: {
    drugId: p.uuid().primary(),
    /** Of the catalog: an older event changes nothing. */
    version: p.integer(),
    ndc: p.string(),
    ndc12: p.string().unique(),
    name: p.string(),
    genericName: p.string(),
    ingredients: p.json<IngredientFact[]>(),
    dosageForm: p.string(),
    deaSchedule: p.enum(deaSchedules),
    rxOnly: p.boolean(),
    pharmacologicClass: p.string().nullable(),
    /** FDA code of the Orange Book, such as AB. */
    therapeuticEquivalence: p.string().nullable(),
    dispensingUnit: p.string(),
    /** Generic name, strength and form, as `matchKeyOf` writes them. */
    matchKey: p.string().index(),
  },
})
export class DrugFact extends DrugFactSchema.class {}
DrugFactSchema.setClass(DrugFact)

export const InteractionFactSchema = defineEntity({
  name: 'InteractionFact',
  tableName: 'interaction_fact',
  properties: {
    interactionId: p.string().primary(),
    knowledgeVersion: p.string(),
    aMembers: p.array(),
    bMembers: p.array(),
    severity: p.enum(severities),
    effect: p.text(),
    management: p.text(),
    evidence: p.text(),
    asOf: p.datetime(),
  },
})
export class InteractionFact extends InteractionFactSchema.class {}
InteractionFactSchema.setClass(InteractionFact)

/** Where a patient's addresses lie, for the rules of the state a parcel goes to. */
export const AddressFactSchema = defineEntity({
  name: 'AddressFact',
  tableName: 'address_fact',
  properties: {
    addressId: p.uuid().primary(),
    patientId: p.uuid().index(),
    /** Two letters. */
    state: p.string(),
    asOf: p.datetime(),
  },
})
export class AddressFact extends AddressFactSchema.class {}
AddressFactSchema.setClass(AddressFact)

/** Allergies, conditions, age: what a patient's clinical profile said last, sealed under the patient's data key. */
export const ClinicalProfileFactSchema = defineEntity({
  name: 'ClinicalProfileFact',
  tableName: 'clinical_profile_fact',
  properties: {
    patientId: p.uuid().primary(),
    /** Of the profile: an older event changes nothing. */
    version: p.integer(),
    /** ClinicalProfile. */
    sealed: p.text(),
  },
})
export class ClinicalProfileFact extends ClinicalProfileFactSchema.class {}
ClinicalProfileFactSchema.setClass(ClinicalProfileFact)

/** Orders that are off, so that one placed before but heard of later starts no fill. */
export const CancelledOrderSchema = defineEntity({
  name: 'CancelledOrder',
  tableName: 'cancelled_order',
  properties: { orderId: p.uuid().primary(), cancelledAt: p.datetime() },
})
export class CancelledOrder extends CancelledOrderSchema.class {}
CancelledOrderSchema.setClass(CancelledOrder)

/** VIEW: see; ORDER: also ask for refills. */
export type AccessScope = 'VIEW' | 'ORDER' | 'MESSAGES'

/** Who else may see a patient's prescriptions: by the patient's delegation, or for an hour in an emergency. */
export const RecordAccessFactSchema = defineEntity({
  name: 'RecordAccessFact',
  tableName: 'record_access_fact',
  properties: {
    /** Of the delegation or the emergency access. */
    id: p.uuid().primary(),
    patientId: p.uuid(),
    subject: p.string().index(),
    /** Empty once it has ended. */
    scopes: p.array().$type<AccessScope[]>(),
    until: p.datetime().nullable(),
    factVersion: p.integer(),
  },
})
export class RecordAccessFact extends RecordAccessFactSchema.class {}
RecordAccessFactSchema.setClass(RecordAccessFact)
