/** FHIR R4 MedicationRequest → the content of a prescription. */
import { invalid } from '@pharmagraph/platform'
import { given, type PatientAsWritten, type PostalAddress, type PrescriberAsWritten, type PrescriptionContent } from '../content.ts'
import { evaluationBases, type EvaluationBasis } from '../entities/prescription.ts'
import { systems, type CodeableConcept, type FhirAddress, type Identifier, type Medication, type MedicationRequest, type Person, type Reference, type Resource } from './r4.ts'

/** Finds what a reference names: contained (#id), by fullUrl (urn:uuid:…), or relative (Patient/1). */
export type Resolve = (reference: string) => Resource | undefined

/** Why a request is no order to dispense, such as a stopped one in a patient's record; undefined when it is one. */
export function notAnOrder({ status, intent }: MedicationRequest): string | undefined {
  if (status !== 'active') return `status is ${status ?? 'missing'}: only an active request is dispensed`
  return intent === 'order' || intent === 'original-order' ? undefined : `intent is ${intent ?? 'missing'}: only an order is dispensed`
}

/** Throws INVALID_INPUT with the FHIR path of what is missing or not understood. */
export function readMedicationRequest(request: MedicationRequest, resolve: Resolve): PrescriptionContent {
  const find = <Type extends Resource>(reference: Reference | undefined, type: string): Type | undefined => {
    const name = reference?.reference
    const found = name?.startsWith('#') ? request.contained?.find(({ id }) => id === name.slice(1)) : name ? resolve(name) : undefined
    return found?.resourceType === type ? (found as Type) : undefined
  }
  const concept = request.medicationCodeableConcept ?? find<Medication>(request.medicationReference, 'Medication')?.code
  const drugText = concept?.text ?? concept?.coding?.find(({ display }) => display)?.display ?? request.medicationReference?.display
  const { dispenseRequest, dosageInstruction, note } = request
  const quantity = dispenseRequest?.quantity?.value
  const sig = dosageInstruction?.map(({ text, patientInstruction }) => text ?? patientInstruction).filter(Boolean).join('; ')
  if (!drugText) throw invalid('MedicationRequest.medication', 'the medication is neither coded nor contained nor in the bundle')
  if (!sig) throw invalid('MedicationRequest.dosageInstruction', 'the directions for use are missing')
  if (quantity === undefined) throw invalid('MedicationRequest.dispenseRequest.quantity', 'the quantity to dispense is missing')
  if (!request.authoredOn) throw invalid('MedicationRequest.authoredOn', 'the written date is missing')
  return {
    patient: patientOf(request.subject, find<Person>(request.subject, 'Patient')),
    prescriber: prescriberOf(request.requester, find<Person>(request.requester, 'Practitioner')),
    drug: { text: drugText, ...given('ndc', ndcOf(concept)) },
    sig,
    quantity,
    daysSupply: daysOf(dispenseRequest?.expectedSupplyDuration),
    refills: dispenseRequest?.numberOfRepeatsAllowed ?? 0,
    daw: dawOf(request),
    issueDate: request.authoredOn.slice(0, 10),
    earliestFillDate: earliestFill(dispenseRequest?.validityPeriod?.start, request.authoredOn),
    evaluationBasis: basisOf(request),
    ...given('note', note?.map(({ text }) => text).filter(Boolean).join('; ') || undefined),
  }
}

function patientOf(reference: Reference | undefined, patient: Person | undefined): PatientAsWritten {
  const id = valueOf([...(reference?.identifier ? [reference.identifier] : []), ...(patient?.identifier ?? [])], systems.patient)
  if (!id && !patient) throw invalid('MedicationRequest.subject', `send the Patient with the request, contained or in the bundle, or our own id (system ${systems.patient})`)
  const name = patient?.name?.find(({ use }) => use === 'official') ?? patient?.name?.[0]
  if (!id && !(name?.family && name.given?.[0])) throw invalid('MedicationRequest.subject', "the patient's name is missing")
  return {
    ...given('id', id), ...given('family', name?.family), ...given('given', name?.given?.[0]), ...given('dateOfBirth', patient?.birthDate), ...given('sex', patient?.gender),
    ...given('phone', contact(patient, 'phone')), ...given('email', contact(patient, 'email')), ...given('address', addressOf(patient?.address?.[0])),
  }
}

function prescriberOf(reference: Reference | undefined, practitioner: Person | undefined): PrescriberAsWritten {
  const identifiers = [...(reference?.identifier ? [reference.identifier] : []), ...(practitioner?.identifier ?? [])]
  const npi = valueOf(identifiers, systems.npi)
  if (!npi) throw invalid('MedicationRequest.requester', `the requester has no NPI (system ${systems.npi})`)
  const name = practitioner?.name?.[0]
  return {
    npi, ...given('dea', valueOf(identifiers, systems.dea)), ...given('family', name?.family), ...given('given', name?.given?.[0]),
    ...given('phone', contact(practitioner, 'phone')), ...given('address', addressOf(practitioner?.address?.[0])),
  }
}

const ndcOf = (concept: CodeableConcept | undefined): string | undefined => concept?.coding?.find(({ system }) => system === systems.ndc)?.code
const valueOf = (identifiers: readonly Identifier[], wanted: string): string | undefined => identifiers.find(({ system }) => system === wanted)?.value
const contact = (person: Person | undefined, wanted: string): string | undefined => person?.telecom?.find(({ system }) => system === wanted)?.value

function daysOf(duration: { value?: number; unit?: string; code?: string } | undefined): number | null {
  if (duration?.value === undefined) return null
  const unit = duration.code ?? duration.unit ?? 'd'
  const days = { d: 1, day: 1, days: 1, wk: 7, week: 7, weeks: 7 }[unit]
  if (!days) throw invalid('MedicationRequest.dispenseRequest.expectedSupplyDuration', "the days' supply must be in days or weeks")
  return duration.value * days
}

/** A validity period that starts with the order says nothing; a later start is a "do not fill before". */
const earliestFill = (start: string | undefined, authoredOn: string): string | null => (start && start.slice(0, 10) > authoredOn.slice(0, 10) ? start.slice(0, 10) : null)

/** The NCPDP code where it says it, else what substitution tells of it. */
function dawOf({ extension, substitution }: MedicationRequest): number {
  const code = extension?.find(({ url }) => url === systems.daw)?.valueInteger
  return code ?? (substitution?.allowedBoolean === false ? 1 : 0)
}

function basisOf({ extension }: MedicationRequest): EvaluationBasis {
  const code = extension?.find(({ url }) => url === systems.evaluationBasis)?.valueCode
  if (code === undefined) return 'IN_PERSON'
  const basis = evaluationBases.find((known) => known === code)
  if (!basis) throw invalid('MedicationRequest.extension', `the evaluation basis is one of ${evaluationBases.join(', ')}`)
  return basis
}

const addressOf = (address: FhirAddress | undefined): PostalAddress | undefined =>
  address && { ...given('line1', address.line?.[0] || undefined), ...given('line2', address.line?.[1]), ...given('city', address.city), ...given('state', address.state), ...given('postalCode', address.postalCode) }
