import type { PrescriptionContent } from '../content.ts'
import type { DispenseRecord } from '../entities/dispense-record.ts'
import type { Prescription } from '../entities/prescription.ts'
import { receivedText, verifiedText } from '../integrity/prescription.ts'

export type SignedRecord = { about: 'RECEIVED' | 'VERIFIED' | 'DISPENSED'; text: string; at: Date; algorithm: 'Ed25519'; keyId: string; value: string }

/** What was signed of a prescription and what left on it, in that order, each with its signature, for whoever checks them without us. */
export function signedRecords(prescription: Prescription, content: PrescriptionContent, dispensed: readonly DispenseRecord[]): SignedRecord[] {
  const { id, receivedAt, signature, signatureKeyId, verificationSignature, verificationKeyId, verifiedAt } = prescription
  const record = (about: SignedRecord['about'], text: string, at: Date, keyId: string, value: string): SignedRecord => ({ about, text, at, algorithm: 'Ed25519', keyId, value })
  return [
    record('RECEIVED', receivedText(id, content), receivedAt, signatureKeyId, signature),
    ...(verificationSignature && verificationKeyId && verifiedAt ? [record('VERIFIED', verifiedText(prescription), verifiedAt, verificationKeyId, verificationSignature)] : []),
    ...dispensed.flatMap((each) => (each.signature && each.signatureKeyId ? [record('DISPENSED', each.record, each.at, each.signatureKeyId, each.signature)] : [])),
  ]
}
