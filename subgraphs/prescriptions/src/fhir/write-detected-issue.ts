/** An alert of the clinical review → FHIR R4 DetectedIssue. */
import type { AlertKind, ClinicalAlert, PatientAlert, Severity } from '../entities/clinical-alert.ts'
import { professionalServices, results } from '../screening/codes.ts'
import { systems } from './r4.ts'

const severityOf: Record<Severity, string> = { CONTRAINDICATED: 'high', MAJOR: 'high', MODERATE: 'moderate', MINOR: 'low' }
const actCode = 'http://terminology.hl7.org/CodeSystem/v3-ActCode'
const codeOf: Readonly<Partial<Record<AlertKind, string>>> = { DRUG_DRUG: 'DRG', DUPLICATE_THERAPY: 'DUPTHPY', ALLERGY: 'DALG', DOSE: 'DOSE' }

export function writeDetectedIssue(alert: ClinicalAlert, told: PatientAlert, overrideText: string | undefined): object {
  const { id, version, severity, open, prescriptionId, otherPrescriptionId, foundAt, knowledgeVersion, sealedFor, overriddenAt, overriddenBy, confirmedAt, confirmedBy, professionalService, result } = alert
  const code = codeOf[told.kind]
  const mitigation = (at: Date, by: string | null | undefined, text: string) => ({ action: { text }, date: at.toISOString(), ...(by ? { author: { identifier: { value: by } } } : {}) })
  const answered = [professionalService && (professionalServices[professionalService] ?? professionalService), result && (results[result]?.text ?? result), overrideText].filter(Boolean).join('; ')
  return {
    resourceType: 'DetectedIssue',
    id,
    meta: { versionId: String(version), lastUpdated: (confirmedAt ?? overriddenAt ?? foundAt).toISOString() },
    status: open ? 'preliminary' : 'final',
    code: { coding: [...(code ? [{ system: actCode, code }] : []), { system: 'urn:ncpdp:reason-for-service', code: told.reasonCode }], text: told.kind },
    severity: severityOf[severity],
    patient: { identifier: { system: systems.patient, value: sealedFor } },
    identifiedDateTime: foundAt.toISOString(),
    implicated: [...new Set([prescriptionId, otherPrescriptionId])].map((about) => ({ reference: `MedicationRequest/${about}` })),
    detail: told.message,
    evidence: [{ code: [{ text: told.evidence }] }],
    ...(overriddenAt ? { mitigation: [mitigation(overriddenAt, overriddenBy, answered), ...(confirmedAt ? [mitigation(confirmedAt, confirmedBy, 'A second pharmacist agrees')] : [])] } : {}),
    extension: [{ url: 'urn:pharmagraph:knowledge-version', valueString: knowledgeVersion }],
  }
}
