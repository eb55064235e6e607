import type { EntityManager } from '@pharmagraph/platform'
import type { PrescriptionContent } from '../content.ts'
import { AddressFact } from '../entities/facts.ts'
import type { Fill } from '../entities/fill.ts'
import type { Prescription } from '../entities/prescription.ts'
import type { Fillable } from '../regulations/decisions.ts'
import { pastFills } from './past-fills.ts'

/** A prescription as the rules see it: `fills` are those not undone, `state` where this fill would go. */
export const fillableOf = (prescription: Prescription, fills: readonly Fill[], state: string | null | undefined): Fillable => ({
  schedule: prescription.deaSchedule, issueDate: prescription.issueDate, refills: prescription.refillsAuthorized, evaluationBasis: prescription.evaluationBasis,
  earliestFillDate: prescription.earliestFillDate ?? null, expiryDate: prescription.expiryDate, expiryRule: prescription.expiryRule,
  fillsReleased: prescription.fillsReleased, fills: pastFills(fills), daysSupply: prescription.daysSupply ?? null, state: state ?? prescription.patientState ?? null,
  conditionNamed: prescription.conditionNamed,
  earlyRefillAllowed: !!prescription.earlyRefillReason, oralAuthorisedAt: prescription.oralAuthorisedAt ?? null,
})

/** "ca " is CA; what is no abbreviation of two letters is not known. */
export const stateCode = (text: string | undefined): string | null => (/^\s*[a-z]{2}\s*$/i.test(text ?? '') ? text!.trim().toUpperCase() : null)

/** Where the patient lives: as the prescriber wrote it, else by the newest address on our file. */
export async function patientState(em: EntityManager, patientId: string | null | undefined, { patient }: PrescriptionContent): Promise<string | null> {
  const written = stateCode(patient.address?.state)
  if (written || !patientId) return written
  const newest = await em.findOne(AddressFact, { patientId }, { orderBy: { asOf: 'desc', addressId: 'desc' } })
  return newest?.state ?? null
}

/** The state an order goes to; null while its address is not known here. */
export const destinationState = async (em: EntityManager, patientId: string, addressId: string): Promise<string | null> =>
  (await em.findOne(AddressFact, { addressId, patientId }))?.state ?? null
