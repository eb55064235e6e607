import type { AddressFact, DrugFact, PrescriptionFact } from '../entities/facts.ts'
import type { CartLine } from '../entities/cart.ts'
import { reason, type Reason, type ReasonCode } from '../reasons.ts'

export type Facts = { drug: DrugFact | null; prescription: PrescriptionFact | null }

const ofStatus: Record<string, ReasonCode | undefined> = {
  VERIFIED: undefined, RECEIVED: 'PRESCRIPTION_IN_REVIEW', DATA_ENTRY: 'PRESCRIPTION_IN_REVIEW', CLINICAL_REVIEW: 'PRESCRIPTION_IN_REVIEW',
  CLARIFICATION: 'PRESCRIPTION_IN_REVIEW', ON_HOLD: 'PRESCRIPTION_ON_HOLD', DEPLETED: 'NO_REFILLS_LEFT', EXPIRED: 'PRESCRIPTION_EXPIRED',
}

type Wanted = Pick<CartLine, 'prescriptionId' | 'quantity' | 'packages'>

/** Why this may not be ordered on `today` (YYYY-MM-DD), if it may not. Whether a refill is due, prescriptions decide at checkout. */
export function lineProblem(patientId: string, wanted: Wanted, { drug, prescription }: Facts, today: string): Reason | undefined {
  const code = wanted.prescriptionId ? prescriptionProblem(patientId, prescription, today) : undefined
  if (code) return reason(code)
  if (!drug) return reason('DRUG_NOT_KNOWN')
  if (drug.deaSchedule === 'CI') return reason('NOT_DISPENSABLE')
  if (!wanted.prescriptionId && (drug.rxOnly || drug.deaSchedule !== 'NONE')) return reason('PRESCRIPTION_REQUIRED')
  const quantity = prescription && wanted.prescriptionId ? prescription.quantity : (wanted.packages ?? 0) * drug.packageSize
  if (quantity !== wanted.quantity) return reason('QUANTITY_CHANGED')
  return undefined
}

/** Somebody else's prescription reads as one we do not know. */
function prescriptionProblem(patientId: string, prescription: PrescriptionFact | null, today: string): ReasonCode | undefined {
  if (!prescription || prescription.patientId !== patientId) return 'PRESCRIPTION_NOT_KNOWN'
  if (prescription.status !== 'VERIFIED') return prescription.status in ofStatus ? ofStatus[prescription.status] : 'PRESCRIPTION_ENDED'
  if (prescription.expiryDate < today) return 'PRESCRIPTION_EXPIRED'
  return prescription.drugId ? undefined : 'PRESCRIPTION_IN_REVIEW'
}

/** An uncertain address is for the driver to find; an undeliverable one is refused. */
export function addressProblem(patientId: string, address: AddressFact | null): Reason | undefined {
  if (!address || address.patientId !== patientId) return reason('ADDRESS_NOT_KNOWN')
  return address.deliverability === 'UNDELIVERABLE' ? reason('ADDRESS_UNDELIVERABLE') : undefined
}
