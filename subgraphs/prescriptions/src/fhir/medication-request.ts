/** FHIR R4 MedicationRequest → the content of a prescription. */
import { AppError, invalid } from '@pharmagraph/platform'
import { given, type PatientAsWritten, type PostalAddress, type PrescriberAsWritten, type PrescriptionContent } from '../content.ts'
import { evaluationBases, type EvaluationBasis } from '../entities/prescription.ts'
import { systems, type CodeableConcept, type FhirAddress, type Identifier, type Medication, type MedicationRequest, type Person, type Reference, type Resource } from './r4.ts'
import { mustBeShaped, refuseFor, type Issue } from './shape.ts'
import { notCounted } from './units.ts'

/** Finds what a reference names: contained (#id), by fullUrl (urn:uuid:…), or relative (Patient/1). */
export type Resolve = (reference: string) => Resource | undefined

/** Why a request is no order to dispense, such as a stopped one in a patient's record; undefined when it is one. */
export function notAnOrder({ status, intent, doNotPerform, reportedBoolean }: MedicationRequest): string | undefined {
  if (doNotPerform) return 'doNotPerform is true: it says that the drug is not to be given'
  if (reportedBoolean) return 'reportedBoolean is true: it tells of an order that is kept elsewhere'
  if (status !== 'active') return `status is ${status ?? 'missing'}: only an active request is dispensed`
  return intent === 'order' || intent === 'original-order' ? undefined : `intent is ${intent ?? 'missing'}: only an order is dispensed`
}

/** Throws INVALID_INPUT with the FHIR paths of all that is missing or not understood. */
export function readMedicationRequest(request: MedicationRequest, resolve: Resolve): PrescriptionContent {
  mustBeShaped(request)
  const find = <Type extends Resource>(reference: Reference | undefined, type: string): Type | undefined => {
    const name = reference?.reference
    const found = name?.startsWith('#') ? request.contained?.find(({ id }) => id === name.slice(1)) : name ? resolve(name) : undefined
    if (found?.resourceType !== type) return undefined
    if (!name?.startsWith('#')) mustBeShaped(found)
    return found as Type
  }
  const concept = request.medicationCodeableConcept ?? find<Medication>(request.medicationReference, 'Medication')?.code
  const drugText = concept?.text ?? concept?.coding?.find(({ display }) => display)?.display ?? request.medicationReference?.display
  const { dispenseRequest, dosageInstruction, note } = request
  const quantity = dispenseRequest?.quantity?.value
  const sig = dosageInstruction?.map(({ text, patientInstruction }) => text ?? patientInstruction).filter(Boolean).join('; ')
  const issues: Issue[] = []
  const says = <Value>(value: Value | undefined | '', path: string, message: string): Value => {
    if (value === undefined || value === '') issues.push({ path: `MedicationRequest.${path}`, message })
    return value as Value
  }
  const all = <Value>(read: () => Value): Value | undefined => {
    try {
      return read()
    } catch (thrown) {
      if (!(thrown instanceof AppError) || typeof thrown.details['field'] !== 'string') throw thrown
      issues.push({ path: thrown.details['field'], message: thrown.message })
      return undefined
    }
  }
  const patient = all(() => patientOf(request.subject, find<Person>(request.subject, 'Patient')))
  const prescriber = all(() => prescriberOf(request.requester, find<Person>(request.requester, 'Practitioner')))
  const uncounted = notCounted(dispenseRequest?.quantity?.code ?? dispenseRequest?.quantity?.unit) && notCounted(dispenseRequest?.quantity?.unit ?? dispenseRequest?.quantity?.code)
  if (uncounted) issues.push({ path: 'MedicationRequest.dispenseRequest.quantity.unit', message: uncounted })
  if (dispenseRequest?.quantity?.comparator || dispenseRequest?.expectedSupplyDuration?.comparator) {
    issues.push({ path: 'MedicationRequest.dispenseRequest', message: 'quantity and supply are amounts, not limits: leave the comparator out' })
  }
  if (dispenseRequest?.initialFill) issues.push({ path: 'MedicationRequest.dispenseRequest.initialFill', message: 'a first fill of another size is not taken: send it as an order of its own' })
  const written = {
    drugText: says(drugText, 'medication', 'the medication is neither coded nor contained nor in the bundle'), sig: says(sig, 'dosageInstruction', 'the directions for use are missing'),
    quantity: says(quantity, 'dispenseRequest.quantity', 'the quantity to dispense is missing'), authoredOn: says(request.authoredOn, 'authoredOn', 'the written date is missing'),
  }
  const daysSupply = all(() => daysOf(dispenseRequest?.expectedSupplyDuration)) ?? null
  const evaluationBasis = all(() => basisOf(request))
  refuseFor(issues)
  return {
    patient: patient!,
    prescriber: prescriber!,
    drug: { text: written.drugText, ...given('ndc', ndcOf(concept)) },
    sig: written.sig,
    quantity: written.quantity,
    daysSupply,
    refills: dispenseRequest?.numberOfRepeatsAllowed ?? 0,
    daw: dawOf(request),
    issueDate: written.authoredOn.slice(0, 10),
    earliestFillDate: earliestFill(dispenseRequest?.validityPeriod?.start, written.authoredOn),
    evaluationBasis: evaluationBasis!,
    ...given('conditionCode', request.extension?.find(({ url }) => url === systems.condition)?.valueCode),
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
