/** A prescription of ours → FHIR R4 MedicationRequest. */
import type { PrescriptionContent } from '../content.ts'
import { refillsRemaining, type Prescription, type PrescriptionState } from '../entities/prescription.ts'
import { systems } from './r4.ts'

/** R4 has no code for expired: it is stopped, with a validity period in the past. */
const statusOf: Record<PrescriptionState, string> = {
  RECEIVED: 'active', DATA_ENTRY: 'active', CLINICAL_REVIEW: 'active', CLARIFICATION: 'on-hold', VERIFIED: 'active', ON_HOLD: 'on-hold', DEPLETED: 'completed',
  EXPIRED: 'stopped', DISCONTINUED: 'stopped', TRANSFERRED_OUT: 'stopped', REJECTED: 'cancelled', CANCELLED: 'cancelled', DUPLICATE: 'entered-in-error',
}

export function writeMedicationRequest(prescription: Prescription, { drug, sig, prescriber }: PrescriptionContent): object {
  const { id, number, status, statusReasonCode, patientId, issueDate, earliestFillDate, expiryDate, quantity, daysSupply, refillsAuthorized, daw, receivedAt, version } = prescription
  return {
    resourceType: 'MedicationRequest',
    id,
    meta: { versionId: String(version), lastUpdated: receivedAt.toISOString() },
    identifier: [{ system: systems.prescription, value: number }],
    status: statusOf[status],
    ...(statusReasonCode ? { statusReason: { text: statusReasonCode } } : {}),
    intent: 'order',
    medicationCodeableConcept: { ...(drug.ndc ? { coding: [{ system: systems.ndc, code: drug.ndc }] } : {}), text: drug.text },
    subject: patientId ? { identifier: { system: systems.patient, value: patientId } } : { display: 'not matched to a patient yet' },
    authoredOn: issueDate,
    requester: { identifier: { system: systems.npi, value: prescriber.npi } },
    dosageInstruction: [{ text: sig }],
    dispenseRequest: {
      validityPeriod: { start: earliestFillDate ?? issueDate, end: expiryDate },
      numberOfRepeatsAllowed: refillsAuthorized,
      quantity: { value: quantity },
      ...(daysSupply ? { expectedSupplyDuration: { value: daysSupply, unit: 'days', system: 'http://unitsofmeasure.org', code: 'd' } } : {}),
    },
    substitution: { allowedBoolean: daw !== 1 && daw !== 7 },
    extension: [{ url: 'urn:pharmagraph:refills-remaining', valueInteger: refillsRemaining(prescription) }],
  }
}
