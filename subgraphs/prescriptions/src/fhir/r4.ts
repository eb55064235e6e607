/** The parts of FHIR R4 that are read here; everything may be missing in what partners send. */
export type Coding = { system?: string; code?: string; display?: string }
export type CodeableConcept = { coding?: Coding[]; text?: string }
export type Identifier = { system?: string; value?: string }
export type Reference = { reference?: string; identifier?: Identifier; display?: string }
export type HumanName = { use?: string; family?: string; given?: string[] }
export type ContactPoint = { system?: string; value?: string }
export type FhirAddress = { line?: string[]; city?: string; state?: string; postalCode?: string }

export type Resource = { resourceType: string; id?: string }
export type Person = Resource & { identifier?: Identifier[]; name?: HumanName[]; gender?: string; birthDate?: string; telecom?: ContactPoint[]; address?: FhirAddress[] }
export type Medication = Resource & { code?: CodeableConcept }
export type MedicationRequest = Resource & {
  identifier?: Identifier[]
  status?: string
  intent?: string
  /** True: the drug is NOT to be given. */
  doNotPerform?: boolean
  /** True: somebody told of it; the order itself is elsewhere. */
  reportedBoolean?: boolean
  contained?: Resource[]
  extension?: { url?: string; valueCode?: string; valueInteger?: number }[]
  insurance?: Reference[]
  medicationCodeableConcept?: CodeableConcept
  medicationReference?: Reference
  subject?: Reference
  requester?: Reference
  authoredOn?: string
  note?: { text?: string }[]
  dosageInstruction?: { text?: string; patientInstruction?: string }[]
  dispenseRequest?: {
    validityPeriod?: { start?: string; end?: string }
    numberOfRepeatsAllowed?: number
    initialFill?: object
    quantity?: { value?: number; comparator?: string; unit?: string; code?: string }
    expectedSupplyDuration?: { value?: number; comparator?: string; unit?: string; code?: string }
  }
  substitution?: { allowedBoolean?: boolean }
}
export type AllergyIntolerance = Resource & { patient?: Reference; code?: CodeableConcept; clinicalStatus?: CodeableConcept; verificationStatus?: CodeableConcept; criticality?: string }
export type Coverage = Resource & {
  status?: string; beneficiary?: Reference; subscriberId?: string; payor?: Reference[]; type?: CodeableConcept; class?: { type?: CodeableConcept; value?: string }[]
}
export type BundleEntry = { fullUrl?: string; resource?: Resource; request?: { method?: string; url?: string; ifNoneExist?: string } }
export type Bundle = Resource & { type?: string; entry?: BundleEntry[] }

/** Kinds that are read for the requests that refer to them, and kept with those. */
export const readAlong: readonly string[] = ['Patient', 'Practitioner', 'PractitionerRole', 'Medication', 'Coverage', 'AllergyIntolerance']

export const systems = {
  npi: 'http://hl7.org/fhir/sid/us-npi',
  dea: 'urn:oid:2.16.840.1.113883.4.814',
  ndc: 'http://hl7.org/fhir/sid/ndc',
  /** Our own patient ids, for partners who know them. */
  patient: 'urn:pharmagraph:patient',
  prescription: 'urn:pharmagraph:prescription',
  evaluationBasis: 'urn:pharmagraph:evaluation-basis',
  /** valueCode: a condition of 10 NYCRR 80.67(d), A to F. */
  condition: 'urn:pharmagraph:ny-condition',
  /** NCPDP dispense-as-written code, where substitution.allowedBoolean says less. */
  daw: 'urn:pharmagraph:daw',
  refillsRemaining: 'urn:pharmagraph:refills-remaining',
  rxnorm: 'http://www.nlm.nih.gov/research/umls/rxnorm',
  ucum: 'http://unitsofmeasure.org',
} as const

type Severity = 'error' | 'information'
type OutcomeIssue = { diagnostics: string; expression?: string | undefined }
/** FHIR issue types used here. */
export type IssueCode = 'invalid' | 'business-rule' | 'forbidden' | 'login' | 'not-found' | 'not-supported' | 'informational'

export const operationOutcome = (code: IssueCode, diagnostics: string, { severity = 'error', expression }: { severity?: Severity; expression?: string | undefined } = {}) =>
  outcomeOfIssues(code, [{ diagnostics, expression }], severity)

export const outcomeOfIssues = (code: IssueCode, issues: readonly OutcomeIssue[], severity: Severity = 'error') => ({
  resourceType: 'OperationOutcome',
  issue: issues.map(({ diagnostics, expression }) => ({ severity, code, diagnostics, ...(expression ? { expression: [expression] } : {}) })),
})
