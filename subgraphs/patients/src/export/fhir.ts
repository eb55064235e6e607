/** A patient's record as FHIR R4 (4.0.1). Consents are the versions in force; references are within the Bundle. */
import type { CodedConcept } from '../entities/allergy.ts'
import type { Consent } from '../entities/consent.ts'
import type { PatientRecord } from '../reads/patient-record.ts'

type Resource = { resourceType: string; id: string } & Record<string, unknown>

const terminology = (name: string, code: string) => ({ coding: [{ system: `http://terminology.hl7.org/CodeSystem/${name}`, code }] })
const concept = ({ system, code, display }: CodedConcept) => ({ coding: [{ system, code, display }], text: display })
const relationship = { CARDHOLDER: 'self', SPOUSE: 'spouse', CHILD: 'child', OTHER: 'other' } as const
/** How dangerous the next exposure would be; a reaction's own severity stands beside its manifestation. */
const criticality = { MILD: 'low', MODERATE: 'low', SEVERE: 'high', UNKNOWN: 'unable-to-assess' } as const

export function exportAsFhir({ patient, insurance, allergies, conditions, consents }: PatientRecord, at: Date): object {
  const subject = { reference: `urn:uuid:${patient.id}` }
  const latest = new Map(consents.map((consent) => [consent.purpose, consent]))
  const resources: Resource[] = [
    {
      resourceType: 'Patient', id: patient.id, active: true,
      name: [{ use: 'official', family: patient.family, given: patient.given.split(' ') }],
      gender: patient.sex.toLowerCase(), birthDate: patient.dateOfBirth,
      telecom: [{ system: 'phone', value: patient.phone }, { system: 'email', value: patient.email }],
      communication: [{ language: { coding: [{ system: 'urn:ietf:bcp:47', code: patient.preferredLanguage }] }, preferred: true }],
    },
    ...insurance.map((policy): Resource => ({
      resourceType: 'Coverage', id: policy.id, status: policy.endedAt ? 'cancelled' : 'active', subscriberId: policy.memberId, beneficiary: subject,
      relationship: terminology('subscriber-relationship', relationship[policy.relationship]), payor: [{ display: policy.payer }],
      class: ([['rxbin', policy.bin], ['rxpcn', policy.pcn], ['rxgroup', policy.groupNumber]] as const)
        .flatMap(([kind, value]) => (value ? [{ type: terminology('coverage-class', kind), value }] : [])),
    })),
    ...allergies.map(({ id, substance, reaction, severity, recordedAt, endedAt }): Resource => ({
      resourceType: 'AllergyIntolerance', id, patient: subject, category: ['medication'], code: concept(substance), recordedDate: recordedAt.toISOString(),
      clinicalStatus: terminology('allergyintolerance-clinical', endedAt ? 'inactive' : 'active'), criticality: criticality[severity],
      ...(reaction ? { reaction: [{ manifestation: [{ text: reaction }], ...(severity === 'UNKNOWN' ? {} : { severity: severity.toLowerCase() }) }] } : {}),
    })),
    ...conditions.map(({ id, code, endedAt }): Resource => ({
      resourceType: 'Condition', id, subject, code: concept(code), clinicalStatus: terminology('condition-clinical', endedAt ? 'inactive' : 'active'),
    })),
    ...[...latest.values()].map((consent) => consentResource(consent, subject)),
  ]
  return {
    resourceType: 'Bundle', type: 'collection', timestamp: at.toISOString(),
    entry: resources.map((resource) => ({ fullUrl: `urn:uuid:${resource.id}`, resource: withoutEmpty(resource) })),
  }
}

function consentResource({ id, purpose, granted, policyVersion, at }: Consent, patient: object): Resource {
  return {
    resourceType: 'Consent', id, status: granted ? 'active' : 'inactive', patient, dateTime: at.toISOString(),
    scope: terminology('consentscope', 'patient-privacy'),
    category: [{ coding: [{ system: 'http://loinc.org', code: '59284-0', display: 'Consent Document' }] }],
    policyRule: { text: `privacy policy ${policyVersion}` },
    provision: { type: granted ? 'permit' : 'deny', code: [{ coding: [{ system: 'https://specs.pharmagraph.dev/fhir/consent-purpose', code: purpose }] }] },
  }
}

/** FHIR has no empty lists (R4 2.6.2). */
const withoutEmpty = (resource: Resource): object => Object.fromEntries(Object.entries(resource).filter(([, value]) => !(Array.isArray(value) && value.length === 0)))
