import { apply, clock, invalid, type Actor, type EntityManager } from '@pharmagraph/platform'
import { access } from '../access.ts'
import { Fill, fillsUndone } from '../entities/fill.ts'
import { chainOf, type Prescription } from '../entities/prescription.ts'
import { prescriptionLifecycle } from '../lifecycles/prescription.ts'
import { fillableOf } from '../reads/fillable.ts'
import { mustHaveSecondFactor, refused } from '../refusals.ts'
import { refusalsOfFill } from '../regulations/decisions.ts'
import { lockedPrescription } from './hold-prescription.ts'

/** Why a refill may come before its day: submission clarification codes, NCPDP 420-DK. */
export const earlyRefillReasons: Readonly<Record<string, string>> = {
  VACATION_SUPPLY: '3: the patient travels', LOST_OR_DAMAGED: '4: the supply was lost or spoiled', THERAPY_CHANGE: '5: the prescriber changed the dose', MEDICALLY_NECESSARY: '7: needed now',
}

/** A pharmacist lets one refill come before its day and answers for it. Schedule II has no refills; of other controlled substances a second factor is asked for. */
export async function allowEarlyRefill(em: EntityManager, actor: Actor, { prescriptionId, reasonCode }: { prescriptionId: string; reasonCode: string }): Promise<Prescription> {
  access.must(actor, 'review:decide', undefined)
  if (!earlyRefillReasons[reasonCode]) throw invalid('reasonCode', `reasonCode is one of ${Object.keys(earlyRefillReasons).join(', ')} (NCPDP 420-DK)`)
  const prescription = await lockedPrescription(em, prescriptionId)
  mustHaveSecondFactor(actor, prescription.deaSchedule)
  if (prescription.earlyRefillReason === reasonCode && prescription.earlyRefillBy === actor.subject) return prescription
  const fills = await em.find(Fill, { chainId: chainOf(prescription), status: { $nin: [...fillsUndone] } })
  const refusals = prescription.status === 'VERIFIED' ? refusalsOfFill(fillableOf(prescription, fills, prescription.patientState), clock.today()) : []
  if (!refusals.some(({ code }) => code === 'REFILL_TOO_EARLY')) {
    throw refused(prescriptionLifecycle, prescription, actor, { code: 'NOT_TOO_EARLY', message: 'the next refill is not held back by its day' })
  }
  const other = refusals.find(({ code }) => code !== 'REFILL_TOO_EARLY')
  if (other) throw refused(prescriptionLifecycle, prescription, actor, other)
  Object.assign(prescription, { earlyRefillReason: reasonCode, earlyRefillBy: actor.subject })
  apply(em, actor, prescriptionLifecycle, prescription, 'allowEarlyRefill', { reason: reasonCode })
  return prescription
}
