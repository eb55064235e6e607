/** A prescription of ours → FHIR R4 MedicationRequest; `readMedicationRequest` is its inverse on what both sides map. */
import type { PatientAsWritten, PostalAddress, PrescriberAsWritten, PrescriptionContent } from '../content.ts'
import { refillsRemaining, type Prescription, type PrescriptionState } from '../entities/prescription.ts'
import { systems } from './r4.ts'

/** R4 has no code for expired: it is stopped, with a validity period in the past. */
const statusOf: Readonly<Partial<Record<PrescriptionState, string>>> = {
  RECEIVED: 'active', DATA_ENTRY: 'active', CLINICAL_REVIEW: 'active', CLARIFICATION: 'on-hold', VERIFIED: 'active', ON_HOLD: 'on-hold', DEPLETED: 'completed',
  EXPIRED: 'stopped', DISCONTINUED: 'stopped', TRANSFERRED_OUT: 'stopped', REJECTED: 'cancelled', CANCELLED: 'cancelled', DUPLICATE: 'entered-in-error',
}

export function writeMedicationRequest(prescription: Prescription, content: PrescriptionContent): object {
  const { id, number, status, source, statusReasonCode, patientId, expiryDate, receivedAt, version } = prescription
  return {
    resourceType: 'MedicationRequest',
    id,
    meta: { versionId: String(version), lastUpdated: receivedAt.toISOString() },
    identifier: [{ system: systems.prescription, value: number }],
    // what a patient sent as a picture is no order before a pharmacist says so
    status: source === 'UPLOAD' && !prescription.verifiedAt && statusOf[status] === 'active' ? 'draft' : (statusOf[status] ?? 'unknown'),
    ...(statusReasonCode ? { statusReason: { text: statusReasonCode } } : {}),
    intent: 'order',
    ...writeContent({ ...content, patient: { ...content.patient, ...(patientId ? { id: patientId } : {}) } }, { expiryDate, daysSupply: prescription.daysSupply ?? null }),
    extension: [...extensions(content), { url: systems.refillsRemaining, valueInteger: refillsRemaining(prescription) }],
  }
}

/** The parts of a MedicationRequest that say what the prescriber wrote. */
export function writeContent(content: PrescriptionContent, { expiryDate, daysSupply = content.daysSupply }: { expiryDate?: string; daysSupply?: number | null } = {}): Record<string, unknown> {
  const { patient, prescriber, drug, sig, quantity, refills, daw, issueDate, earliestFillDate, note, reported } = content
  const allergies = (reported?.allergies ?? []).map(({ display, system, code, criticality }, n) => ({
    resourceType: 'AllergyIntolerance', id: `allergy-${n + 1}`, patient: { reference: '#patient' }, ...(criticality ? { criticality } : {}),
    code: { ...(code ? { coding: [{ ...(system ? { system } : {}), code }] } : {}), text: display },
  }))
  const coverage = reported?.coverage
  return {
    contained: [
      { resourceType: 'Patient', id: 'patient', ...writePatient(patient) }, { resourceType: 'Practitioner', id: 'prescriber', ...writePrescriber(prescriber) }, ...allergies,
      ...(coverage ? [{
        resourceType: 'Coverage', id: 'coverage', status: 'active', beneficiary: { reference: '#patient' }, payor: [coverage.payer ? { display: coverage.payer } : { reference: '#patient' }],
        ...(coverage.memberId ? { subscriberId: coverage.memberId } : {}), ...(coverage.plan ? { type: { text: coverage.plan } } : {}),
        ...(coverage.group ? { class: [{ type: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/coverage-class', code: 'group' }] }, value: coverage.group }] } : {}),
      }] : []),
    ],
    medicationCodeableConcept: { ...(drug.ndc ? { coding: [{ system: systems.ndc, code: drug.ndc }] } : {}), text: drug.text },
    subject: { reference: '#patient', ...(patient.id ? { identifier: { system: systems.patient, value: patient.id } } : {}) },
    authoredOn: issueDate,
    requester: { reference: '#prescriber', identifier: { system: systems.npi, value: prescriber.npi } },
    ...(coverage ? { insurance: [{ reference: '#coverage' }] } : {}),
    ...(note ? { note: [{ text: note }] } : {}),
    dosageInstruction: [{ text: sig }],
    dispenseRequest: {
      validityPeriod: { start: earliestFillDate ?? issueDate, ...(expiryDate ? { end: expiryDate } : {}) },
      numberOfRepeatsAllowed: refills,
      quantity: { value: quantity },
      ...(daysSupply ? { expectedSupplyDuration: { value: daysSupply, unit: 'days', system: systems.ucum, code: 'd' } } : {}),
    },
    substitution: { allowedBoolean: daw !== 1 && daw !== 7 },
    extension: extensions(content),
  }
}

const extensions = ({ daw, evaluationBasis, conditionCode }: PrescriptionContent): object[] => [
  { url: systems.daw, valueInteger: daw }, { url: systems.evaluationBasis, valueCode: evaluationBasis }, ...(conditionCode ? [{ url: systems.condition, valueCode: conditionCode }] : []),
]

/** SCRIPT writes letters where FHIR writes words. */
const genders: Readonly<Record<string, string>> = { F: 'female', M: 'male', U: 'unknown' }

const writePatient = ({ id, family, given, dateOfBirth, sex, phone, email, address }: PatientAsWritten): object => ({
  ...(id ? { identifier: [{ system: systems.patient, value: id }] } : {}), ...person(family, given), ...(sex ? { gender: genders[sex] ?? sex } : {}), ...(dateOfBirth ? { birthDate: dateOfBirth } : {}),
  ...telecom(phone, email), ...addressed(address),
})

const writePrescriber = ({ npi, dea, family, given, phone, address }: PrescriberAsWritten): object => ({
  identifier: [{ system: systems.npi, value: npi }, ...(dea ? [{ system: systems.dea, value: dea }] : [])], ...person(family, given), ...telecom(phone), ...addressed(address),
})

const person = (family?: string, given?: string): object => (family || given ? { name: [{ ...(family ? { family } : {}), ...(given ? { given: [given] } : {}) }] } : {})

function telecom(phone?: string, email?: string): object {
  const points = [...(phone ? [{ system: 'phone', value: phone }] : []), ...(email ? [{ system: 'email', value: email }] : [])]
  return points.length ? { telecom: points } : {}
}

function addressed(address: PostalAddress | undefined): object {
  if (!address) return {}
  const { line1, line2, ...rest } = address
  // a second line has no place without a first
  const line = [...(line1 ? [line1] : line2 ? [''] : []), ...(line2 ? [line2] : [])]
  return { address: [{ ...(line.length ? { line } : {}), ...rest }] }
}
