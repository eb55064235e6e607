/** What becomes of a wish for the next fill: a pure function of the prescription, its fills and the day, always with its reason. */
import type { Prescription } from '../entities/prescription.ts'
import { refusalsOfFill, type Fillable, type Refusal } from '../regulations/decisions.ts'

export type RefillDecision = {
  verb: 'approve' | 'wait' | 'askPrescriber' | 'decline'
  reasonCode: string
  /** Id of the regulation row behind it. */
  rule: string | null
  dueOn: string | null
}

type Wanted = Pick<Prescription, 'status' | 'statusReasonCode' | 'resumeOn' | 'nextQuantity' | 'deaSchedule'>
/** Of these a new prescription helps. */
const renewable: readonly string[] = ['NO_REFILLS_LEFT', 'PRESCRIPTION_EXPIRED', 'REFILL_SUPPLY_EXCEEDED']
const ofRefills: readonly string[] = [...renewable, 'REFILL_TOO_EARLY']

/** `consent`: to dispensing. Days are YYYY-MM-DD. */
export function decideRefill(prescription: Wanted, fillable: Fillable, { today, consent, underWay }: { today: string; consent: boolean; underWay: boolean }): RefillDecision {
  const { status, statusReasonCode, resumeOn, nextQuantity, deaSchedule } = prescription
  const decline = (reasonCode: string, refusal?: Refusal): RefillDecision => ({ verb: 'decline', reasonCode, rule: refusal?.rule ?? null, dueOn: null })
  if (!consent) return decline('CONSENT_MISSING')
  if (underWay) return decline('FILL_UNDER_WAY')
  if (status === 'ON_HOLD') return resumeOn ? { verb: 'wait', reasonCode: 'ON_HOLD', rule: null, dueOn: resumeOn } : decline(statusReasonCode ?? 'ON_HOLD')
  if (['RECEIVED', 'DATA_ENTRY', 'CLINICAL_REVIEW', 'CLARIFICATION'].includes(status)) return decline('IN_REVIEW')
  if (!['VERIFIED', 'DEPLETED', 'EXPIRED'].includes(status)) return decline('PRESCRIPTION_ENDED')
  // the rest of a part is no refill
  const owed = nextQuantity !== null && nextQuantity !== undefined && status === 'VERIFIED'
  const refusals = refusalsOfFill(fillable, today).filter(({ code }) => !(owed && ofRefills.includes(code)))
  const ended = refusals.find(({ code }) => renewable.includes(code))
  if (ended && deaSchedule === 'CII') return decline('CII_NO_REFILLS', { ...ended, rule: 'us-cii-no-refill' })
  if (ended) return { verb: 'askPrescriber', reasonCode: ended.code, rule: ended.rule, dueOn: null }
  const lasting = refusals.find(({ nextEligibleAt }) => nextEligibleAt === null)
  if (lasting) return decline(lasting.code, lasting)
  const last = [...refusals].sort((a, b) => (a.nextEligibleAt! < b.nextEligibleAt! ? 1 : -1))[0]
  if (last) return { verb: 'wait', reasonCode: last.code, rule: last.rule, dueOn: last.nextEligibleAt }
  return { verb: 'approve', reasonCode: owed ? 'OWED_BALANCE_DUE' : fillable.fillsReleased === 0 ? 'FIRST_FILL_DUE' : fillable.fillsReleased === fillable.refills ? 'LAST_REFILL_DUE' : 'REFILL_DUE', rule: null, dueOn: null }
}
