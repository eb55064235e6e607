/** A fill of ours → FHIR R4 MedicationDispense. */
import type { PrescriptionContent } from '../content.ts'
import type { Fill, FillState } from '../entities/fill.ts'
import type { Prescription } from '../entities/prescription.ts'
import { systems } from './r4.ts'

/** R4 says of in-progress: "ready for pickup". */
const statusOf: Readonly<Partial<Record<FillState, string>>> = {
  REQUESTED: 'preparation', SCREENING: 'preparation', RESERVED: 'preparation', FILLING: 'preparation', PRODUCT_CHECK: 'preparation', PACKED: 'preparation',
  RELEASED: 'in-progress', HANDED_OVER: 'in-progress', COMPLETED: 'completed', CANCELLED: 'cancelled', RETURNED_TO_STOCK: 'stopped', RETURNED_WASTE: 'stopped',
}

export function writeMedicationDispense(fill: Fill, prescription: Prescription, { drug, sig }: PrescriptionContent): object {
  const { id, version, status, statusReasonCode, statusReasonMessage, nextEligibleAt, number, patientId, quantity, daysSupply, lots, releasedAt, requestedAt, checkedBy } = fill
  const blocked = nextEligibleAt ? 'on-hold' : 'declined'
  const ndc = lots[0]?.ndc ?? drug.ndc
  return {
    resourceType: 'MedicationDispense',
    id,
    meta: { versionId: String(version), lastUpdated: (releasedAt ?? requestedAt).toISOString() },
    identifier: [{ system: systems.prescription, value: `${prescription.number}-${number}` }],
    status: status === 'BLOCKED' ? blocked : (statusOf[status] ?? 'unknown'),
    ...(statusReasonCode ? { statusReasonCodeableConcept: { coding: [{ code: statusReasonCode }], ...(statusReasonMessage ? { text: statusReasonMessage } : {}) } } : {}),
    medicationCodeableConcept: { ...(ndc ? { coding: [{ system: systems.ndc, code: ndc }] } : {}), text: drug.text },
    subject: { identifier: { system: systems.patient, value: patientId } },
    ...(checkedBy ? { performer: [{ actor: { display: 'pharmacist', identifier: { value: checkedBy } } }] } : {}),
    authorizingPrescription: [{ reference: `MedicationRequest/${prescription.id}` }],
    // v3 ActPharmacySupplyType: first fill, refill
    type: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: number === 0 ? 'FF' : 'RF' }] },
    quantity: { value: quantity },
    ...(daysSupply ? { daysSupply: { value: daysSupply, unit: 'days', system: systems.ucum, code: 'd' } } : {}),
    ...(releasedAt ? { whenPrepared: releasedAt.toISOString() } : {}),
    dosageInstruction: [{ text: sig }],
    ...(lots.length ? {
      extension: lots.map(({ ndc: lotNdc, lotNumber, expiryDate, quantity: held }) => ({
        url: 'urn:pharmagraph:lot',
        extension: [{ url: 'ndc', valueString: lotNdc }, { url: 'lotNumber', valueString: lotNumber }, { url: 'expirationDate', valueDate: expiryDate }, { url: 'quantity', valueDecimal: held }],
      })),
    } : {}),
  }
}
