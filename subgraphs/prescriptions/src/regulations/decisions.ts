/** What the rules say about one prescription: pure functions of dates and counts, each refusal explained. */
import { addDays, addMonths } from '@pharmagraph/platform'
import type { DeaSchedule, EvaluationBasis } from '../entities/prescription.ts'
import { rules, rulesAt, type Rule } from './rules.ts'

/** Why not, by which rule, and the first day on which it would be possible (null: never). */
export type Refusal = { code: string; message: string; rule: string; source: string; nextEligibleAt: string | null }

const refusal = (code: string, message: string, { id, source }: Rule, nextEligibleAt: string | null = null): Refusal => ({ code, message: `${message} (${source})`, rule: id, source, nextEligibleAt })

/** The last day a fill may be dispensed, and the row that says so. Days are YYYY-MM-DD. */
export function validity(schedule: DeaSchedule, issueDate: string): { lastDay: string; rule: Rule<'VALIDITY'> } {
  const [strictest] = rulesAt('VALIDITY', schedule, issueDate)
    .map((rule) => ({ rule, lastDay: addMonths(issueDate, rule.parameters.months) }))
    .sort((a, b) => (a.lastDay < b.lastDay ? -1 : 1))
  if (!strictest) throw new RangeError(`no rule says how long a ${schedule} prescription of ${issueDate} is valid`)
  return strictest
}

export const citation = (ruleId: string): { rule: string; source: string } => ({ rule: ruleId, source: rules.find(({ id }) => id === ruleId)?.source ?? '' })

export type Issued = { schedule: DeaSchedule; issueDate: string; refills: number; evaluationBasis: EvaluationBasis }

/** Why a prescription may not be accepted at all, by what it says; undefined when it may. */
export function refusalOfIssue({ schedule, issueDate, refills, evaluationBasis }: Issued, today: string): Refusal | undefined {
  const [never] = rulesAt('NOT_DISPENSABLE', schedule, today)
  if (never) return refusal('CI_NOT_DISPENSABLE', 'A schedule I substance is never dispensed', never)
  for (const rule of rulesAt('REFILLS', schedule, issueDate)) {
    if (refills <= rule.parameters.max) continue
    return rule.parameters.max === 0
      ? refusal('CII_NO_REFILLS', 'A schedule II prescription has no refills: ask for a new prescription for each fill', rule)
      : refusal('TOO_MANY_REFILLS', `A schedule ${schedule.slice(1)} prescription has ${rule.parameters.max} refills at most, this one asks for ${refills}`, rule)
  }
  for (const rule of rulesAt('EVALUATION', schedule, issueDate)) {
    if (rule.parameters.bases.includes(evaluationBasis)) continue
    return refusal('EVALUATION_REQUIRED', 'A controlled substance needs an in-person evaluation, or a telemedicine exception that holds on the day of issue', rule)
  }
  const { lastDay, rule } = validity(schedule, issueDate)
  return today > lastDay ? refusal('PRESCRIPTION_EXPIRED', `The prescription ended on ${lastDay}`, rule) : undefined
}

/** A fill that was released, for the days it covers. */
export type PastFill = { day: string; daysSupply: number | null }

/**
 * The first day of the next refill, and the rule; undefined before the first fill and where the days' supply is not
 * known. For controlled substances supplies add up over the episode, so that early days do not.
 */
export function refillDue(schedule: DeaSchedule, fills: readonly PastFill[], today: string): { day: string; rule: Rule<'EARLY_REFILL'> } | undefined {
  const past = fills.filter((fill): fill is { day: string; daysSupply: number } => fill.daysSupply !== null).sort((a, b) => a.day.localeCompare(b.day) || a.daysSupply - b.daysSupply)
  const last = past.at(-1)
  if (!last) return undefined
  const due = ({ parameters }: Rule<'EARLY_REFILL'>): string =>
    'usedShare' in parameters
      ? addDays(last.day, Math.ceil(last.daysSupply * parameters.usedShare))
      : later(last.day, addDays(runOut(past), -parameters.daysBeforeRunOut))
  const [strictest] = rulesAt('EARLY_REFILL', schedule, today).map((rule) => ({ rule, day: due(rule) })).sort((a, b) => (a.day > b.day ? -1 : 1))
  return strictest
}

const later = (a: string, b: string): string => (a > b ? a : b)
/** The first day without supply, each fill lasting from its own day or from the end of the one before. */
export const runOut = (fills: readonly { day: string; daysSupply: number }[]): string =>
  fills.reduce((end, { day, daysSupply }) => addDays(later(end, day), daysSupply), '')

export type Fillable = Issued & { earliestFillDate: string | null; expiryDate: string; expiryRule: string; fillsReleased: number; fills: readonly PastFill[] }

/** Why a prescription may not be filled on `today`, and when it may; undefined when it may. */
export function refusalOfFill(prescription: Fillable, today: string): Refusal | undefined {
  const { schedule, earliestFillDate, expiryDate, expiryRule, refills, fillsReleased, fills } = prescription
  const atIssue = refusalOfIssue(prescription, prescription.issueDate)
  if (atIssue) return atIssue
  const expiry = rules.find(({ id }) => id === expiryRule) ?? validity(schedule, prescription.issueDate).rule
  if (today > expiryDate) return refusal('PRESCRIPTION_EXPIRED', `The prescription ended on ${expiryDate}`, expiry)
  if (earliestFillDate && today < earliestFillDate) {
    const rule = rulesAt('SERIES', schedule, today)[0] ?? expiry
    return refusal('TOO_EARLY_EARLIEST_FILL_DATE', `The prescriber set ${earliestFillDate} as the earliest day to fill`, rule, earliestFillDate)
  }
  if (fillsReleased > refills) {
    const rule = rulesAt('REFILLS', schedule, today)[0] ?? expiry
    return refusal('NO_REFILLS_LEFT', `All ${refills} refills authorised are used: ask the prescriber for a new prescription`, rule)
  }
  const due = refillDue(schedule, fills, today)
  if (due && today < due.day) {
    // after the last day it will never be due
    return refusal('REFILL_TOO_EARLY', `The next refill is due on ${due.day}`, due.rule, due.day > expiryDate ? null : due.day)
  }
  return undefined
}

/** Why a schedule II prescription may not join the others its prescriber issued the same day; days' supply of all, this one included. */
export function refusalOfSeries(schedule: DeaSchedule, issueDate: string, daysSupplies: readonly number[]): Refusal | undefined {
  const total = daysSupplies.reduce((sum, days) => sum + days, 0)
  const exceeded = daysSupplies.length > 1 ? rulesAt('SERIES', schedule, issueDate).find(({ parameters }) => total > parameters.maxDaysSupply) : undefined
  return exceeded && refusal('CII_SERIES_TOO_LONG', `The prescriptions issued that day make a supply of ${total} days; together they may make ${exceeded.parameters.maxDaysSupply}`, exceeded)
}
