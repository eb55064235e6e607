/** The whole answer to "may it be filled on that day": every reason with its rule, what would change it, and when. */
import { addDays, clock } from '@pharmagraph/platform'
import { owed as unitsOwed, type OwedBalance } from '../entities/owed-balance.ts'
import { citation, evaluationRefusal, lastDayOfFill, refusalsOfFill, type Fillable, type Refusal } from './decisions.ts'
import { emergencyDuties } from './emergency.ts'
import { refusalsOfRest } from './partial-fill.ts'
import { rulesAt } from './rules.ts'

export type Reason = {
  code: string; message: string; rule: string; source: string
  /** Whether it stands in the way; the others say on what the permission rests, and for how long. */
  blocks: boolean
  /** What would change it. */
  remedy: string
  /** The day on which it changes by itself; null: never. */
  changesOn: string | null
}
export type Eligibility = { day: string; allowed: boolean; reasons: Reason[]; nextEligibleAt: string | null }

/** What is owed of a part, and the instant that is asked about. */
export type Owed = Pick<OwedBalance, 'cause' | 'prescribed' | 'dispensed' | 'firstAt' | 'deadline'> & { rule: string; at: Date }

/**
 * `others`: what stands in the way besides the rules, such as a missing consent. `owed`: the next fill is the rest of a part,
 * which is no refill and has a last moment of its own. Days are YYYY-MM-DD.
 */
export function explain(prescription: Fillable, day: string, others: readonly Refusal[] = [], owed?: Owed): Eligibility {
  const byRule = (when: string): Refusal[] => (owed ? refusalsOfRest(prescription, { ...owed, quantity: unitsOwed(owed) }, when, owed.at) : refusalsOfFill(prescription, when))
  const refusals = [...byRule(day), ...others]
  const blocking = refusals.map(({ nextEligibleAt, ...reason }): Reason => ({ ...reason, blocks: true, changesOn: nextEligibleAt }))
  const reasons = [...blocking, ...(owed && blocking.length === 0 ? [restUntil(owed)] : []), ...grounds(prescription, day)]
  return { day, allowed: blocking.length === 0, reasons, nextEligibleAt: nextDay(refusals, byRule) }
}

/** The first day on which nothing stands in the way any more; null where a reason does not pass, or others come in its place. */
function nextDay(refusals: readonly Refusal[], byRule: (day: string) => Refusal[]): string | null {
  const days = refusals.map(({ nextEligibleAt }) => nextEligibleAt)
  const last = days.every((day) => day !== null) ? days.sort().at(-1) : undefined
  return last && byRule(last).length === 0 ? last : null
}

/** The rest of a part is a fill of its own kind: this is until when. */
function restUntil(owed: Owed): Reason {
  const { rule, deadline } = owed
  const { source } = citation(rule)
  return {
    code: 'OWED_BALANCE_UNTIL', message: `${unitsOwed(owed)} units are owed of the last fill until ${deadline.toISOString()} (${source})`, rule, source, blocks: false,
    remedy: 'A new prescription for the rest', changesOn: addDays(clock.dayOf(deadline), 1),
  }
}

/** On what a permission rests. */
function grounds(prescription: Fillable, day: string): Reason[] {
  const { lastDay, rule } = lastDayOfFill(prescription)
  const validity: Reason[] = day > lastDay ? [] : [{
    code: 'VALID_UNTIL', message: `Fills are possible until ${lastDay} (${rule.source})`, rule: rule.id, source: rule.source, blocks: false, remedy: 'A new prescription', changesOn: addDays(lastDay, 1),
  }]
  return [...validity, ...evaluation(prescription, day), ...emergency(prescription, day)]
}

/** An oral order rests on what its prescriber must send after it. */
function emergency({ oralAuthorisedAt, followUpReceivedAt, state }: Fillable, day: string): Reason[] {
  const [first] = oralAuthorisedAt ? emergencyDuties({ authorisedAt: oralAuthorisedAt, state }) : []
  if (!first) return []
  const { id: rule, source } = first.rule
  const last = clock.dayOf(first.dueAt)
  const authorised = `Authorised by word of mouth in an emergency on ${clock.dayOf(oralAuthorisedAt!)}`
  if (followUpReceivedAt) return [{ code: 'EMERGENCY_ORAL_CONFIRMED', message: `${authorised}; the prescriber's order came on ${clock.dayOf(followUpReceivedAt)} (${source})`, rule, source, blocks: false, remedy: 'A new prescription for more', changesOn: null }]
  const message = day > last ? `${authorised}; the prescriber's order should have been here by ${last} (${source})` : `${authorised}; the prescriber's order must be here by ${last} (${source})`
  return [{ code: day > last ? 'EMERGENCY_FOLLOW_UP_OVERDUE' : 'EMERGENCY_FOLLOW_UP_AWAITED', message, rule, source, blocks: false, remedy: "The prescriber's written or electronic order", changesOn: day > last ? null : addDays(last, 1) }]
}

/**
 * A prescription keeps the basis it was issued on; whether it could be issued anew on the same basis depends on the day.
 * That is what a patient seen by telemedicine only must know before the refills run out.
 */
function evaluation({ schedule, issueDate, evaluationBasis }: Fillable, day: string): Reason[] {
  if (evaluationRefusal(schedule, issueDate, evaluationBasis)) return []
  const renewal = evaluationRefusal(schedule, day, evaluationBasis)
  if (renewal) {
    const { rule, source } = renewal
    return [{
      code: 'RENEWAL_NEEDS_EVALUATION', message: `Issued on ${issueDate} under an exception that has ended: its refills stay good, a renewal needs an in-person evaluation (${source})`,
      rule, source, blocks: false, remedy: 'An in-person evaluation before the renewal, or another telemedicine exception', changesOn: null,
    }]
  }
  const ending = rulesAt('EVALUATION', schedule, day).find(({ to }) => to !== null && evaluationRefusal(schedule, addDays(to, 1), evaluationBasis))
  if (!ending) return []
  return [{
    code: 'TELEMEDICINE_EXCEPTION', message: `Rests on telemedicine alone, which may be prescribed on until ${ending.to} (${ending.source})`,
    rule: ending.id, source: ending.source, blocks: false, remedy: 'An in-person evaluation', changesOn: addDays(ending.to!, 1),
  }]
}
