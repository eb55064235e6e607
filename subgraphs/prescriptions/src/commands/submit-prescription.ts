import { AppError, clock, invalid, isId, problem, type Actor, type EntityManager } from '@pharmagraph/platform'
import { access } from '../access.ts'
import { given, type DrugAsWritten, type PostalAddress, type PrescriptionContent } from '../content.ts'
import { DrugFact, PractitionerFact } from '../entities/facts.ts'
import { isControlled, type DeaSchedule, type EvaluationBasis, type Prescription } from '../entities/prescription.ts'
import { stateCode } from '../reads/fillable.ts'
import { mustHaveSecondFactor } from '../refusals.ts'
import type { Services } from '../services.ts'
import { receivePrescription } from './receive-prescription.ts'

/** As 21 CFR 1306.05(a) wants it on a controlled prescription. */
export type WrittenAddress = { line1: string; line2?: string | null | undefined; city: string; state: string; postalCode: string }

export type PortalSubmission = {
  patientId: string; drugId: string; sig: string; quantity: number; daysSupply?: number | null | undefined; refills: number; daw: number
  evaluationBasis?: EvaluationBasis | undefined; earliestFillDate?: string | null | undefined; patientAddress?: WrittenAddress | null | undefined; conditionCode?: string | null | undefined; idempotencyKey: string
}

/** A prescriber writes for a patient of the pharmacy. Signing a controlled substance needs a fresh second factor (21 CFR 1311.115). */
export async function submitPrescription(em: EntityManager, actor: Actor, services: Services, input: PortalSubmission): Promise<Prescription> {
  access.must(actor, 'intake:submit', undefined)
  if (!/^[\x21-\x7e]{1,200}$/.test(input.idempotencyKey)) throw invalid('idempotencyKey', 'the idempotency key must have 1 to 200 printable characters and no spaces')
  const prescriber = await em.findOne(PractitionerFact, { practitionerId: actor.practitionerId! })
  if (!prescriber?.active) throw new AppError('FORBIDDEN', 'your account is not that of a prescriber with an active licence')
  const drug = isId(input.drugId) ? await em.findOne(DrugFact, { drugId: input.drugId }) : null
  if (!drug) throw invalid('drugId', 'no such drug is in the catalog')
  if (isControlled(drug.deaSchedule)) {
    mayPrescribe(prescriber, drug.deaSchedule)
    mustHaveSecondFactor(actor, drug.deaSchedule)
  }
  const prescription = await receivePrescription(em, actor, services, {
    content: contentOf(input, prescriber, drug), source: 'PORTAL', externalKey: `portal:${actor.practitionerId}:${input.idempotencyKey}`,
  })
  if (!prescription.patientId) throw invalid('patientId', 'no such patient is registered')
  return prescription
}

/** Throws NO_SCHEDULE_AUTHORITY where the prescriber's registration does not cover the drug. */
export function mayPrescribe({ deaNumber, scheduleAuthority }: PractitionerFact, schedule: DeaSchedule): void {
  if (!deaNumber || !scheduleAuthority.includes(schedule)) {
    throw problem('InvalidInput', 'NO_SCHEDULE_AUTHORITY', `the prescriber's registration does not cover schedule ${schedule.slice(1)} (21 CFR 1306.03)`, { field: 'drugId' })
  }
}

/** Throws INVALID_INPUT with the field. */
export function addressAsWritten(address: WrittenAddress | null | undefined): PostalAddress | undefined {
  if (!address) return undefined
  const { line1, line2, city, state, postalCode } = address
  for (const [field, text] of [['line1', line1], ['city', city]] as const) if (!text.trim() || text.length > 100) throw invalid(`patientAddress.${field}`, 'write it in 1 to 100 characters')
  if (!stateCode(state)) throw invalid('patientAddress.state', 'the state is two letters')
  if (!/^\d{5}(-\d{4})?$/.test(postalCode)) throw invalid('patientAddress.postalCode', 'the postal code is five digits, or nine with a hyphen')
  return { line1: line1.trim(), ...given('line2', line2?.trim() || undefined), city: city.trim(), state: stateCode(state)!, postalCode }
}

/** A product of the catalog, as a prescriber would write it. */
export const drugAsWritten = ({ name, ingredients, dosageForm, ndc }: DrugFact): DrugAsWritten => ({ text: [name, ingredients.map(({ strength }) => strength).join(' / '), dosageForm.toLowerCase()].join(' '), ndc })

const contentOf = (input: PortalSubmission, { npi, deaNumber }: PractitionerFact, drug: DrugFact): PrescriptionContent => ({
  patient: { id: input.patientId, ...given('address', addressAsWritten(input.patientAddress)) },
  prescriber: { npi, ...(deaNumber ? { dea: deaNumber } : {}) },
  drug: drugAsWritten(drug),
  sig: input.sig,
  quantity: input.quantity,
  daysSupply: input.daysSupply ?? null,
  refills: input.refills,
  daw: input.daw,
  issueDate: clock.today(),
  earliestFillDate: input.earliestFillDate ?? null,
  // 21 USC 829(e): what the prescriber says of how they came to know the patient
  evaluationBasis: input.evaluationBasis ?? 'IN_PERSON',
  ...given('conditionCode', input.conditionCode ?? undefined),
})
