/** What the rules say about one prescription: pure functions of dates and counts, each refusal explained. */
import { addDays, addMonths } from '@pharmagraph/platform'
import type { DeaSchedule, EvaluationBasis, PrescriptionSource } from '../entities/prescription.ts'
import { rules, rulesAt, type Rule, type RuleKind } from './rules.ts'

/** Why not, by which rule, what would change it, and the first day on which it would be possible (null: never). */
export type Refusal = { code: string; message: string; rule: string; source: string; remedy: string; nextEligibleAt: string | null }

const remedies: Readonly<Record<string, string>> = {
  CI_NOT_DISPENSABLE: 'Nothing: ask the prescriber for another drug',
  CII_NO_REFILLS: 'A new prescription for each fill',
  TOO_MANY_REFILLS: 'A prescription with fewer refills',
  EVALUATION_REQUIRED: 'A new prescription after an in-person evaluation, or under another telemedicine exception',
  PRESCRIPTION_EXPIRED: 'A new prescription',
  TOO_EARLY_EARLIEST_FILL_DATE: 'The day itself, or a new prescription with an earlier one',
  NO_REFILLS_LEFT: 'A renewal by the prescriber',
  REFILL_SUPPLY_EXCEEDED: 'A new prescription',
  REFILL_TOO_EARLY: 'The day itself, or the prescriber writing another dose',
  FIRST_FILL_TOO_LATE: 'A new prescription',
  FILL_SUPPLY_EXCEEDED: "A prescription for fewer days' supply at a time, or one that names a condition the rule permits more for",
  CONTROLLED_BY_IMAGE: 'An electronic prescription by the prescriber',
  CII_SERIES_TOO_LONG: "A prescription with fewer days' supply",
  CII_SERIES_WITHOUT_DAY: 'The prescriber writing the earliest day to fill it',
}

export const refusal = (code: string, message: string, { id, source }: Rule, nextEligibleAt: string | null = null, remedy = remedies[code] ?? ''): Refusal =>
  ({ code, message: `${message} (${source})`, rule: id, source, remedy, nextEligibleAt })

/** Where and with which earliest fill date a prescription is to be filled, for rules that ask. */
export type Circumstances = { state?: string | null | undefined; earliestFillDate?: string | null | undefined }

const lastDayBy = ({ parameters }: Rule<'VALIDITY'>, issueDate: string, earliestFillDate?: string | null): string =>
  'months' in parameters ? addMonths(issueDate, parameters.months) : addDays(earliestFillDate ?? issueDate, parameters.days)

/** The last day a fill may be dispensed, and the row that says so. Days are YYYY-MM-DD. */
export function validity(schedule: DeaSchedule, issueDate: string, { state, earliestFillDate }: Circumstances = {}): { lastDay: string; rule: Rule<'VALIDITY'> } {
  const [strictest] = rulesAt('VALIDITY', schedule, issueDate, state)
    .map((rule) => ({ rule, lastDay: lastDayBy(rule, issueDate, earliestFillDate) }))
    .sort((a, b) => (a.lastDay < b.lastDay ? -1 : 1))
  if (!strictest) throw new RangeError(`no rule says how long a ${schedule} prescription of ${issueDate} is valid`)
  return strictest
}

export const citation = (ruleId: string): { rule: string; source: string } => ({ rule: ruleId, source: rules.find(({ id }) => id === ruleId)?.source ?? '' })

export type Issued = Circumstances & {
  schedule: DeaSchedule; issueDate: string; refills: number; evaluationBasis: EvaluationBasis
  /** Of each fill; null while it is not known. */
  daysSupply?: number | null
  /** The prescriber named a condition for which a state permits more at a time. */
  conditionNamed?: boolean
  /** Names of the drug's ingredients, in lower case; left out where no drug is known. */
  ingredients?: readonly string[]
}

/** Why a prescription may not be accepted at all, by what it says; undefined when it may. */
export function refusalOfIssue({ schedule, issueDate, refills, evaluationBasis, state, earliestFillDate, daysSupply, conditionNamed, ingredients = [] }: Issued, today: string): Refusal | undefined {
  const [never] = rulesAt('NOT_DISPENSABLE', schedule, today)
  if (never) return refusal('CI_NOT_DISPENSABLE', 'A schedule I substance is never dispensed', never)
  for (const rule of rulesAt('REFILLS', schedule, issueDate, state)) {
    if (refills <= rule.parameters.max) continue
    return rule.parameters.max === 0
      ? refusal('CII_NO_REFILLS', 'A schedule II prescription has no refills: ask for a new prescription for each fill', rule)
      : refusal('TOO_MANY_REFILLS', `A schedule ${schedule.slice(1)} prescription has ${rule.parameters.max} refills at most, this one asks for ${refills}`, rule)
  }
  const unrefillable = rulesAt('REFILLS_OF', schedule, issueDate, state).find(({ parameters }) => refills > parameters.max && parameters.ingredients.some((name) => ingredients.some((one) => containsWord(one, name))))
  if (unrefillable) return refusal('TOO_MANY_REFILLS', `A prescription of this drug has ${unrefillable.parameters.max === 0 ? 'no refills' : `${unrefillable.parameters.max} refills at most`}, this one asks for ${refills}`, unrefillable)
  const exceeded = rulesAt('FILL_SUPPLY', schedule, issueDate, state).find(({ parameters }) => (daysSupply ?? 0) > parameters.maxDays)
  const condition = exceeded && rulesAt('FILL_SUPPLY_CONDITION', schedule, issueDate, state).find(({ jurisdiction }) => jurisdiction === exceeded.jurisdiction)
  if (exceeded && !(condition && conditionNamed)) return refusal('FILL_SUPPLY_EXCEEDED', `One fill makes ${daysSupply} days; it may make ${exceeded.parameters.maxDays}`, exceeded)
  if (condition && (daysSupply ?? 0) > condition.parameters.maxDays) return refusal('FILL_SUPPLY_EXCEEDED', `One fill makes ${daysSupply} days; for the condition named it may make ${condition.parameters.maxDays}`, condition)
  if (condition && refills > condition.parameters.maxRefills) return refusal('TOO_MANY_REFILLS', `With more than ${exceeded.parameters.maxDays} days at a time it has ${condition.parameters.maxRefills} refill at most, this one asks for ${refills}`, condition)
  const unevaluated = evaluationRefusal(schedule, issueDate, evaluationBasis)
  if (unevaluated) return unevaluated
  const { lastDay, rule } = validity(schedule, issueDate, { state, earliestFillDate })
  return today > lastDay ? refusal('PRESCRIPTION_EXPIRED', `The prescription ended on ${lastDay}`, rule) : undefined
}

/** "lorazepam" and "clorazepate dipotassium" are what "lorazepam" and "clorazepate" name; "delorazepam" is another. */
const containsWord = (ingredient: string, name: string): boolean => ` ${ingredient.toLowerCase()} `.includes(` ${name} `)

/** Codes of conditions by which some state permits more days at a time. */
export const conditionCodes: readonly string[] = [...new Set((rules as readonly Rule[]).flatMap(({ kind, parameters }) => (kind === 'FILL_SUPPLY_CONDITION' ? Object.keys((parameters as Rule<'FILL_SUPPLY_CONDITION'>['parameters']).conditions) : [])))]

/** Whether a prescription issued that day may rest on such knowledge of the patient. */
export function evaluationRefusal(schedule: DeaSchedule, issueDate: string, basis: EvaluationBasis): Refusal | undefined {
  const rule = rulesAt('EVALUATION', schedule, issueDate).find(({ parameters }) => !parameters.bases.includes(basis))
  return rule && refusal('EVALUATION_REQUIRED', 'A controlled substance needs an in-person evaluation, or a telemedicine exception that holds on the day of issue', rule)
}

/** Why a prescription that came in this way may not be verified; undefined where it may. */
export function originRefusal(schedule: DeaSchedule, source: PrescriptionSource, day: string): Refusal | undefined {
  const rule = rulesAt('ORIGIN', schedule, day).find(({ parameters }) => !parameters.sources.includes(source))
  return rule && refusal('CONTROLLED_BY_IMAGE', 'A controlled substance is not dispensed on a picture of a prescription', rule)
}

/** A fill that was released, for the days it covers. */
export type PastFill = { day: string; daysSupply: number | null }

/**
 * The first day of the next refill, and the rule; undefined before the first fill and where the days' supply is not
 * known. For controlled substances supplies add up over the episode, so that early days do not.
 */
export function refillDue(schedule: DeaSchedule, fills: readonly PastFill[], today: string, state?: string | null): { day: string; rule: Rule<'EARLY_REFILL'> } | undefined {
  const past = fills.filter((fill): fill is { day: string; daysSupply: number } => fill.daysSupply !== null).sort((a, b) => a.day.localeCompare(b.day) || a.daysSupply - b.daysSupply)
  const last = past.at(-1)
  if (!last) return undefined
  const due = ({ parameters }: Rule<'EARLY_REFILL'>): string =>
    'usedShare' in parameters
      ? addDays(last.day, Math.ceil(last.daysSupply * parameters.usedShare))
      : later(last.day, addDays(runOut(past), -parameters.daysBeforeRunOut))
  const [strictest] = rulesAt('EARLY_REFILL', schedule, today, state).map((rule) => ({ rule, day: due(rule) })).sort((a, b) => (a.day > b.day ? -1 : 1))
  return strictest
}

const later = (a: string, b: string): string => (a > b ? a : b)
/** The first day without supply, each fill lasting from its own day or from the end of the one before. */
export const runOut = (fills: readonly { day: string; daysSupply: number }[]): string =>
  fills.reduce((end, { day, daysSupply }) => addDays(later(end, day), daysSupply), '')

export type Fillable = Issued & {
  expiryDate: string; expiryRule: string; fillsReleased: number; fills: readonly PastFill[]
  /** A pharmacist let the next refill come before its day. */
  earlyRefillAllowed?: boolean
  /** When its prescriber authorised it by word of mouth in an emergency. */
  oralAuthorisedAt?: Date | null
  /** When what the prescriber sent after it came; null while it is awaited. */
  followUpReceivedAt?: Date | null
}

/** The last day of a fill: the prescription's own, or an earlier one where it goes. */
export function lastDayOfFill({ schedule, issueDate, expiryDate, expiryRule, state, earliestFillDate }: Fillable): { lastDay: string; rule: Rule } {
  const there = validity(schedule, issueDate, { state, earliestFillDate })
  return there.lastDay < expiryDate ? there : { lastDay: expiryDate, rule: rules.find(({ id }) => id === expiryRule) ?? there.rule }
}

/** Every reason why a prescription may not be filled on `today`, and when it may; the first is the gravest, none when it may. */
export function refusalsOfFill(prescription: Fillable, today: string): Refusal[] {
  const { schedule, issueDate, earliestFillDate, refills, fillsReleased, fills, state, daysSupply } = prescription
  const atIssue = refusalOfIssue(prescription, issueDate)
  if (atIssue) return [atIssue]
  const found: Refusal[] = []
  const { lastDay, rule: expiry } = lastDayOfFill(prescription)
  if (today > lastDay) found.push(refusal('PRESCRIPTION_EXPIRED', `The prescription ended on ${lastDay}`, expiry))
  for (const rule of fillsReleased === 0 ? rulesAt('FIRST_FILL', schedule, issueDate, state) : []) {
    const last = addDays(issueDate, rule.parameters.withinDays)
    if (today > last && last < lastDay) found.push(refusal('FIRST_FILL_TOO_LATE', `The first fill was possible until ${last}`, rule))
  }
  if (earliestFillDate && today < earliestFillDate) {
    found.push(refusal('TOO_EARLY_EARLIEST_FILL_DATE', `The prescriber set ${earliestFillDate} as the earliest day to fill`, rulesAt('SERIES', schedule, today)[0] ?? expiry, earliestFillDate))
  }
  if (fillsReleased > refills) {
    found.push(refusal('NO_REFILLS_LEFT', `All ${refills} refills authorised are used: ask the prescriber for a new prescription`, rulesAt('REFILLS', schedule, today, state)[0] ?? expiry))
  }
  const [, ...refillsBefore] = [...fills].sort((a, b) => a.day.localeCompare(b.day))
  const refilled = refillsBefore.reduce((sum, fill) => sum + (fill.daysSupply ?? 0), 0) + (fills.length ? (daysSupply ?? 0) : 0)
  for (const rule of rulesAt('REFILL_SUPPLY', schedule, issueDate, state)) {
    if (refilled > rule.parameters.maxDays) found.push(refusal('REFILL_SUPPLY_EXCEEDED', `With this refill the refills make ${refilled} days; together they may make ${rule.parameters.maxDays}`, rule))
  }
  const due = refillDue(schedule, fills, today, state)
  // after the last day it will never be due
  if (due && today < due.day && !prescription.earlyRefillAllowed) found.push(refusal('REFILL_TOO_EARLY', `The next refill is due on ${due.day}`, due.rule, due.day > lastDay ? null : due.day))
  return found
}

/** Why a prescription may not be filled on `today`, and when it may; undefined when it may. */
export const refusalOfFill = (prescription: Fillable, today: string): Refusal | undefined => refusalsOfFill(prescription, today)[0]

export type OfSeries = { daysSupply: number; earliestFillDate: string | null }

/** Why a schedule II prescription may not join the others its prescriber issued the same day; all of them, this one included. */
export function refusalOfSeries(schedule: DeaSchedule, issueDate: string, series: readonly OfSeries[]): Refusal | undefined {
  if (series.length < 2) return undefined
  const total = series.reduce((sum, { daysSupply }) => sum + daysSupply, 0)
  const atOnce = series.filter(({ earliestFillDate }) => earliestFillDate === null).length
  for (const rule of rulesAt('SERIES', schedule, issueDate)) {
    if (total > rule.parameters.maxDaysSupply) {
      return refusal('CII_SERIES_TOO_LONG', `The prescriptions issued that day make a supply of ${total} days; together they may make ${rule.parameters.maxDaysSupply}`, rule)
    }
    if (atOnce > 1) return refusal('CII_SERIES_WITHOUT_DAY', 'Of several prescriptions issued that day, each but the first says the earliest day to fill it', rule)
  }
  return undefined
}

/** The row of a kind that holds for a schedule on a day. Throws where the rows have a gap. */
export function ruleAt<Kind extends RuleKind>(kind: Kind, schedule: DeaSchedule, day: string, state?: string | null): Rule<Kind> {
  const [row] = rulesAt(kind, schedule, day, state)
  if (!row) throw new RangeError(`no rule of ${kind} holds for ${schedule} on ${day}`)
  return row
}
