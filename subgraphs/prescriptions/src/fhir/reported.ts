/** What a sender tells of the patient besides the order: allergies, for the review, and coverage. It joins the prescription's content. */
import { given, type PrescriptionContent, type ReportedAllergy, type ReportedCoverage } from '../content.ts'
import type { AllergyIntolerance, Coverage, MedicationRequest, Resource } from './r4.ts'

export type ReportedResource = { name: string; resource: Resource }

/** Active, not refuted allergies and the active coverage of the request's own patient; nothing where nothing came. */
export function readReported(request: MedicationRequest, resources: readonly ReportedResource[]): Pick<PrescriptionContent, 'reported'> {
  const contained = (request.contained ?? []).map((resource) => ({ name: `#${resource.id ?? ''}`, resource }))
  const subject = request.subject?.reference
  if (!subject) return {}
  const all = [...resources, ...contained].map(({ resource }) => resource)
  const allergies = all.flatMap((resource) => (resource.resourceType === 'AllergyIntolerance' ? readAllergy(resource as AllergyIntolerance, subject) : []))
  const [coverage] = all.flatMap((resource) => (resource.resourceType === 'Coverage' ? readCoverage(resource as Coverage, subject) : []))
  return allergies.length || coverage ? { reported: { allergies, ...given('coverage', coverage) } } : {}
}

const codes = (concept: { coding?: { code?: string }[] } | undefined): (string | undefined)[] => concept?.coding?.map(({ code }) => code) ?? []

function readAllergy({ patient, code, clinicalStatus, verificationStatus, criticality }: AllergyIntolerance, subject: string): ReportedAllergy[] {
  if (patient?.reference !== subject) return []
  const over = ['inactive', 'resolved'].some((status) => codes(clinicalStatus).includes(status)) || ['refuted', 'entered-in-error'].some((status) => codes(verificationStatus).includes(status))
  const coding = code?.coding?.find(({ code: value }) => value)
  const display = code?.text ?? coding?.display
  return over || !display ? [] : [{ display, ...given('system', coding?.system), ...given('code', coding?.code), ...given('criticality', criticality) }]
}

function readCoverage({ status, beneficiary, subscriberId, payor, class: classes, type }: Coverage, subject: string): ReportedCoverage[] {
  if (status !== 'active' || beneficiary?.reference !== subject) return []
  const group = classes?.find(({ type: kind }) => codes(kind).includes('group'))?.value
  const payer = payor?.find(({ display }) => display)?.display
  return [{ ...given('memberId', subscriberId), ...given('payer', payer), ...given('group', group), ...given('plan', type?.text) }]
}
