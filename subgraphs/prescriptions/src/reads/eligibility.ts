import { clock, invalid, isStaff } from '@pharmagraph/platform'
import type { Context } from '../context.ts'
import { fillsUnderWay } from '../entities/fill.ts'
import { chainOf, type Prescription, type PrescriptionState } from '../entities/prescription.ts'
import { refusal, ruleAt, type Refusal } from '../regulations/decisions.ts'
import { explain, type Eligibility } from '../regulations/explain.ts'
import { fillableOf } from './fillable.ts'

/** States of which the rules themselves say why nothing is filled. */
const ruledStates: readonly PrescriptionState[] = ['VERIFIED', 'ON_HOLD', 'DEPLETED', 'EXPIRED']

/** Whether the next fill may be dispensed at an instant, with every reason. Later fills and payments are not foreseen. */
export async function eligibility(prescription: Prescription, at: Date, { actor, loaders }: Context): Promise<Eligibility & { at: Date }> {
  const day = clock.dayOf(at)
  if (day < prescription.issueDate) throw invalid('at', `the prescription was issued on ${prescription.issueDate}`)
  const { patientId, deaSchedule, status, patientState, resumeOn } = prescription
  const [fills, patients, addresses] = await Promise.all([loaders.fillsKept.load(chainOf(prescription)), patientId ? loaders.patientFacts.load(patientId) : [], patientId ? loaders.addressesOf.load(patientId) : []])
  const others: Refusal[] = []
  if (status === 'ON_HOLD' && !(resumeOn && day >= resumeOn)) {
    others.push(refusal('ON_HOLD', 'The prescription is on hold', ruleAt('VERIFICATION', verifiable(prescription), day), resumeOn ?? null, resumeOn ? 'The day itself, or a pharmacist' : 'A pharmacist who lifts the hold'))
  } else if (!ruledStates.includes(status)) {
    others.push(refusal('NOT_VERIFIED', `The prescription is ${status}, not verified by a pharmacist`, ruleAt('VERIFICATION', verifiable(prescription), day), null, "A pharmacist's verification"))
  }
  if (fills.some((fill) => fillsUnderWay.includes(fill.status))) {
    others.push(refusal('FILL_UNDER_WAY', 'Another fill of this prescription is under way', ruleAt('FILLS_AT_ONCE', deaSchedule, day), null, 'The end of the fill under way'))
  }
  if (!patients[0]?.dispensingConsent && (isStaff(actor) || actor.patientId === patientId)) {
    others.push(refusal('CONSENT_MISSING', 'The patient has not consented to dispensing', ruleAt('CONSENT', verifiable(prescription), day), null, "The patient's consent"))
  }
  return { at, ...explain(fillableOf(prescription, fills, patientState ?? addresses.at(-1)?.state), day, others) }
}

/** Schedule I has no row of verification: it is refused before. */
const verifiable = ({ deaSchedule }: Prescription): Prescription['deaSchedule'] => (deaSchedule === 'CI' ? 'CII' : deaSchedule)
