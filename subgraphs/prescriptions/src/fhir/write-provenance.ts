/** Who vouches for a prescription's content → FHIR R4 Provenance, with our signatures (21 CFR 1311.205). */
import type { Prescription } from '../entities/prescription.ts'

const signatureType = (code: string, display: string) => [{ system: 'urn:iso-astm:E1762-95:2013', code, display }]
const pharmacy = { display: 'Pharmagraph' }

/** What the signatures cover is canonical JSON (RFC 8785); `keyId` names the Ed25519 key. */
export function writeProvenance(prescription: Prescription): object {
  const { id, version, source, receivedAt, submittedBy, contentHash, signature, signatureKeyId, verificationSignature, verificationKeyId, verifiedAt, verifiedBy } = prescription
  const signed = (value: string, keyId: string, at: Date, type: object[]) => ({
    type, when: at.toISOString(), who: pharmacy, targetFormat: 'application/json', sigFormat: 'application/octet-stream', data: Buffer.from(value, 'base64url').toString('base64'),
    extension: [{ url: 'urn:pharmagraph:key-id', valueString: keyId }],
  })
  return {
    resourceType: 'Provenance',
    id,
    meta: { versionId: String(version), lastUpdated: (verifiedAt ?? receivedAt).toISOString() },
    target: [{ reference: `MedicationRequest/${id}` }],
    recorded: receivedAt.toISOString(),
    activity: { text: source },
    agent: [
      { type: { text: 'submitter' }, who: { identifier: { value: submittedBy } } },
      ...(verifiedBy ? [{ type: { text: 'verifier' }, who: { identifier: { value: verifiedBy } } }] : []),
    ],
    entity: [{ role: 'source', what: { identifier: { system: 'urn:pharmagraph:content-sha256', value: contentHash } } }],
    signature: [
      ...(signature ? [signed(signature, signatureKeyId, receivedAt, signatureType('1.2.840.10065.1.12.1.14', 'Source Signature'))] : []),
      ...(verificationSignature && verificationKeyId && verifiedAt ? [signed(verificationSignature, verificationKeyId, verifiedAt, signatureType('1.2.840.10065.1.12.1.5', 'Verification Signature'))] : []),
    ],
  }
}
