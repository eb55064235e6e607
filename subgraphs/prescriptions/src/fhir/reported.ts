/** What a sender tells of the patient besides the order: allergies, for the review, and coverage. It joins the prescription's content. */
import { given, type PrescriptionContent, type ReportedAllergy, type ReportedCoverage } from '../content.ts'
import type { Resolve } from './medication-request.ts'
import type { AllergyIntolerance, Coverage, MedicationRequest, Resource } from './r4.ts'
import { mustBeShaped } from './shape.ts'

const kept: readonly string[] = ['AllergyIntolerance', 'Coverage']

export type ReportedResource = { name: string; resource: Resource }

/** Active, not refuted allergies and the active coverage of the request's own patient; nothing where nothing came. */
export function readReported(request: MedicationRequest, resources: readonly ReportedResource[], resolve: Resolve = () => undefined): Pick<PrescriptionContent, 'reported'> {
  const contained = (request.contained ?? []).map((resource) => ({ name: `#${resource.id ?? ''}`, resource }))
  const subject = request.subject?.reference
  if (!subject) return {}
  const all = [...resources, ...contained].map(({ resource }) => resource).filter(({ resourceType }) => kept.includes(resourceType))
  for (const resource of all) mustBeShaped(resource)
  // one patient may be named in several ways: urn:uuid:1 here, Patient/1 there
  const patient = resolve(subject)
  const about = (reference: string | undefined): boolean => reference !== undefined && (reference === subject || (patient !== undefined && resolve(reference) === patient))
  const allergies = all.flatMap((resource) => (resource.resourceType === 'AllergyIntolerance' ? readAllergy(resource as AllergyIntolerance, about) : []))
  const [coverage] = all.flatMap((resource) => (resource.resourceType === 'Coverage' ? readCoverage(resource as Coverage, about) : []))
  return allergies.length || coverage ? { reported: { allergies, ...given('coverage', coverage) } } : {}
}

type About = (reference: string | undefined) => boolean

const codes = (concept: { coding?: { code?: string }[] } | undefined): (string | undefined)[] => concept?.coding?.map(({ code }) => code) ?? []

function readAllergy({ patient, code, clinicalStatus, verificationStatus, criticality }: AllergyIntolerance, about: About): ReportedAllergy[] {
  if (!about(patient?.reference)) return []
  const over = ['inactive', 'resolved'].some((status) => codes(clinicalStatus).includes(status)) || ['refuted', 'entered-in-error'].some((status) => codes(verificationStatus).includes(status))
  const coding = code?.coding?.find(({ code: value }) => value)
  const display = code?.text ?? coding?.display
  return over || !display ? [] : [{ display, ...given('system', coding?.system), ...given('code', coding?.code), ...given('criticality', criticality) }]
}

function readCoverage({ status, beneficiary, subscriberId, payor, class: classes, type }: Coverage, about: About): ReportedCoverage[] {
  if (status !== 'active' || !about(beneficiary?.reference)) return []
  const group = classes?.find(({ type: kind }) => codes(kind).includes('group'))?.value
  const payer = payor?.find(({ display }) => display)?.display
  return [{ ...given('memberId', subscriberId), ...given('payer', payer), ...given('group', group), ...given('plan', type?.text) }]
}
