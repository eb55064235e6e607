import { clock, invalid, isStaff } from '@pharmagraph/platform'
import type { Context } from '../context.ts'
import { fillsUnderWay } from '../entities/fill.ts'
import { chainOf, type Prescription, type PrescriptionState } from '../entities/prescription.ts'
import { scheduleChanged } from './current-schedule.ts'
import { refusal, ruleAt, type Refusal } from '../regulations/decisions.ts'
import { explain, type Eligibility } from '../regulations/explain.ts'
import { fillableOf } from './fillable.ts'

/** States of which the rules themselves say why nothing is filled. */
const ruledStates: readonly PrescriptionState[] = ['VERIFIED', 'ON_HOLD', 'DEPLETED', 'EXPIRED']

/** Whether the next fill may be dispensed at an instant, with every reason. Later fills and payments are not foreseen. */
export async function eligibility(prescription: Prescription, at: Date, { actor, loaders }: Context): Promise<Eligibility & { at: Date }> {
  const day = clock.dayOf(at)
  if (day < prescription.issueDate) throw invalid('at', `the prescription was issued on ${prescription.issueDate}`)
  const { patientId, drugId, deaSchedule, status, patientState, resumeOn } = prescription
  const [fills, patients, addresses, balances, alerts, drugs, followUps] = await Promise.all([
    loaders.fillsKept.load(chainOf(prescription)), patientId ? loaders.patientFacts.load(patientId) : [], patientId ? loaders.addressesOf.load(patientId) : [],
    loaders.balancesOf.load(prescription.id), loaders.alertsOf.load(prescription.id), drugId ? loaders.drugFacts.load(drugId) : [],
    prescription.oralAuthorisedAt ? loaders.followUpsOf.load(prescription.id) : [],
  ])
  const others: Refusal[] = []
  if (status === 'ON_HOLD' && !(resumeOn && day >= resumeOn)) {
    others.push(refusal('ON_HOLD', 'The prescription is on hold', ruleAt('VERIFICATION', verifiable(prescription), day), resumeOn ?? null, resumeOn ? 'The day itself, or a pharmacist' : 'A pharmacist who lifts the hold'))
  } else if (!ruledStates.includes(status)) {
    others.push(refusal('NOT_VERIFIED', `The prescription is ${status}, not verified by a pharmacist`, ruleAt('VERIFICATION', verifiable(prescription), day), null, "A pharmacist's verification"))
  }
  const schedule = drugs[0]?.deaSchedule ?? deaSchedule
  if (status === 'VERIFIED' && schedule !== deaSchedule) {
    const { code, message } = scheduleChanged(deaSchedule, schedule)
    others.push(refusal(code, message, ruleAt('VERIFICATION', verifiable(prescription), day), null, "A pharmacist's verification by the rules of the new schedule"))
  }
  if (status === 'VERIFIED' && alerts.some(({ open }) => open)) {
    others.push(refusal('REVIEW_NEEDED', 'A finding of the clinical review is not answered', ruleAt('VERIFICATION', verifiable(prescription), day), null, "A pharmacist's answer"))
  }
  if (fills.some((fill) => fillsUnderWay.includes(fill.status))) {
    others.push(refusal('FILL_UNDER_WAY', 'Another fill of this prescription is under way', ruleAt('FILLS_AT_ONCE', deaSchedule, day), null, 'The end of the fill under way'))
  }
  if (!patients[0]?.dispensingConsent && (isStaff(actor) || actor.patientId === patientId)) {
    others.push(refusal('CONSENT_MISSING', 'The patient has not consented to dispensing', ruleAt('CONSENT', verifiable(prescription), day), null, "The patient's consent"))
  }
  const balance = balances.find(({ status: state }) => state === 'OWED')
  return { at, ...explain({ ...fillableOf(prescription, fills, patientState ?? addresses.at(-1)?.state), followUpReceivedAt: followUps[0]?.receivedAt ?? null }, day, others, balance && { ...balance, at }) }
}

/** Schedule I has no row of verification: it is refused before. */
const verifiable = ({ deaSchedule }: Prescription): Prescription['deaSchedule'] => (deaSchedule === 'CI' ? 'CII' : deaSchedule)
