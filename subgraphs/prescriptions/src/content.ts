/** What the prescriber wrote, as it came in: the part of a prescription that never changes and that its hash covers. */
import { addDays, canonicalHash, clock, invalid } from '@pharmagraph/platform'
import type { DeaSchedule, EvaluationBasis } from './entities/prescription.ts'
import { conditionCodes } from './regulations/decisions.ts'
import { firstRuledDay } from './regulations/rules.ts'
import type { Picture } from './uploads/picture.ts'

export type PostalAddress = { line1?: string; line2?: string; city?: string; state?: string; postalCode?: string }
export type PatientAsWritten = {
  /** Our own patient id, where the sender knows it. */
  id?: string
  family?: string; given?: string; dateOfBirth?: string; sex?: string; phone?: string; email?: string; address?: PostalAddress
}
export type PrescriberAsWritten = { npi: string; dea?: string; family?: string; given?: string; phone?: string; address?: PostalAddress }
export type DrugAsWritten = { text: string; ndc?: string; name?: string; strength?: string; form?: string; schedule?: DeaSchedule }

export type ReportedAllergy = { display: string; system?: string; code?: string; criticality?: string }
export type ReportedCoverage = { payer?: string; memberId?: string; group?: string; plan?: string }

export type PrescriptionContent = {
  patient: PatientAsWritten
  prescriber: PrescriberAsWritten
  drug: DrugAsWritten
  sig: string
  /** Dispensing units of the drug. */
  quantity: number
  daysSupply: number | null
  /** The first fill not counted. */
  refills: number
  /** NCPDP dispense-as-written code. */
  daw: number
  issueDate: string
  earliestFillDate: string | null
  evaluationBasis: EvaluationBasis
  note?: string
  /** What the sender told of the patient besides. */
  reported?: { allergies: ReportedAllergy[]; coverage?: ReportedCoverage }
  /** Code of a condition on its face, for which a state permits more days at a time (10 NYCRR 80.67(d)). */
  conditionCode?: string
  /** Of an upload: the picture it was read from. */
  picture?: Picture
  /** Of an oral order in an emergency: what the pharmacist wrote down of it (21 CFR 1306.11(d), 290.10). Instants are RFC 3339, UTC. */
  emergency?: { authorisedAt: string; writtenAt: string; reason: string; prescriberKnownBy: string }
}

/** `{ [name]: value }`, or nothing where the value is not known: absent and unknown must hash alike. */
export const given = <Name extends string, Value>(name: Name, value: Value | undefined): { [Key in Name]?: Value } =>
  value === undefined ? {} : ({ [name]: value } as { [Key in Name]?: Value })

export const isDay = (text: unknown): text is string =>
  typeof text === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text)) && addDays(text, 0) === text

const wholeWithin = (value: number, from: number, to: number): boolean => Number.isInteger(value) && value >= from && value <= to

/** Refuses content no pharmacy could work with; names the field, never its value. */
export function checkContent(content: PrescriptionContent): void {
  const { drug, sig, quantity, daysSupply, refills, daw, issueDate, earliestFillDate } = content
  if (!drug.text.trim() || drug.text.length > 500) throw invalid('drug', 'the drug is missing, or its description is longer than 500 characters')
  if (!sig.trim() || sig.length > 1000) throw invalid('sig', 'the directions for use are missing, or longer than 1000 characters')
  if (!(quantity > 0 && quantity <= 100_000) || Math.round(quantity * 1000) / 1000 !== quantity) {
    throw invalid('quantity', 'the quantity must be more than 0 and at most 100000 dispensing units, with three decimals at most')
  }
  if (daysSupply !== null && !wholeWithin(daysSupply, 1, 365)) throw invalid('daysSupply', "the days' supply must be from 1 to 365 days")
  if (!wholeWithin(refills, 0, 99)) throw invalid('refills', 'the number of refills must be from 0 to 99')
  if (!wholeWithin(daw, 0, 9)) throw invalid('daw', 'the dispense-as-written code must be from 0 to 9')
  if (!isDay(issueDate) || issueDate < firstRuledDay) throw invalid('issueDate', 'the written date is missing or is no date')
  // a prescriber east of us may already write tomorrow's date
  if (issueDate > addDays(clock.today(), 1)) throw invalid('issueDate', 'the written date lies in the future')
  if (content.conditionCode !== undefined && !conditionCodes.includes(content.conditionCode)) throw invalid('conditionCode', `the condition's code is one of ${conditionCodes.join(', ')}`)
  if (earliestFillDate !== null && (!isDay(earliestFillDate) || earliestFillDate < issueDate)) {
    throw invalid('earliestFillDate', 'the earliest fill date is no date, or lies before the written date')
  }
}

export const contentHash = (content: PrescriptionContent): string => canonicalHash(content)
