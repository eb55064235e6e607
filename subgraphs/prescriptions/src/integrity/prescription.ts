/** Whether a prescription is still what was received, and still what the pharmacist verified (21 CFR 1306.08(d)). */
import { canonicalJson } from '@pharmagraph/platform'
import { contentHash, type PrescriptionContent } from '../content.ts'
import type { Prescription } from '../entities/prescription.ts'
import type { Signature, Signer } from './signer.ts'

/** Bound to the row: content moved to another prescription does not verify. */
const received = (id: string, content: PrescriptionContent): object => ({ prescriptionId: id, content })
/** What data entry and matching added, and who answers for it. */
const verified = ({ id, contentHash: hash, patientId, practitionerId, drugId, deaSchedule, daysSupply, evaluationBasis, source, verifiedBy, verifiedAt }: Prescription): object => ({
  prescriptionId: id, contentHash: hash, patientId: patientId ?? null, practitionerId: practitionerId ?? null, drugId: drugId ?? null, deaSchedule, daysSupply: daysSupply ?? null,
  evaluationBasis, source, verifiedBy: verifiedBy ?? null, verifiedAt: verifiedAt?.toISOString() ?? null,
})

export const signReceived = (signer: Signer, id: string, content: PrescriptionContent): Signature => signer.sign(received(id, content))

/** Exactly the texts that were signed, canonical JSON (RFC 8785): of the content as it came in, and of what was verified. */
export const receivedText = (id: string, content: PrescriptionContent): string => canonicalJson(received(id, content))
export const verifiedText = (prescription: Prescription): string => canonicalJson(verified(prescription))

export function signVerified(signer: Signer, prescription: Prescription): void {
  const { keyId, value } = signer.sign(verified(prescription))
  Object.assign(prescription, { verificationSignature: value, verificationKeyId: keyId })
}

/** The content carries our signature and hash, and the columns worked with agree with it. */
export const isIntact = (signer: Signer, prescription: Prescription, content: PrescriptionContent): boolean =>
  signer.verifies(received(prescription.id, content), { keyId: prescription.signatureKeyId, value: prescription.signature }) &&
  contentHash(content) === prescription.contentHash &&
  content.quantity === prescription.quantity &&
  content.refills === prescription.refillsAuthorized &&
  content.daw === prescription.daw &&
  content.issueDate === prescription.issueDate &&
  content.evaluationBasis === prescription.evaluationBasis &&
  content.prescriber.npi === prescription.prescriberNpi &&
  content.earliestFillDate === (prescription.earliestFillDate ?? null) &&
  (content.conditionCode !== undefined) === (prescription.conditionNamed ?? false) &&
  content.emergency?.authorisedAt === prescription.oralAuthorisedAt?.toISOString() &&
  (content.daysSupply === null || content.daysSupply === prescription.daysSupply)

/** Patient, drug and schedule are those the pharmacist verified. */
export const isAsVerified = (signer: Signer, prescription: Prescription): boolean =>
  signer.verifies(verified(prescription), { keyId: prescription.verificationKeyId, value: prescription.verificationSignature })
