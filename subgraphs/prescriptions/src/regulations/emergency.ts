/** Oral schedule II orders in an emergency (21 CFR 1306.11(d)): how much, what must follow, and who is told where it does not. */
import { addDays, clock } from '@pharmagraph/platform'
import type { DeaSchedule } from '../entities/prescription.ts'
import { refusal, ruleAt, type Refusal } from './decisions.ts'
import { endOfDay, hoursAfter } from './partial-fill.ts'
import { rulesAt, type Authority, type Rule } from './rules.ts'

/** `state`: two letters, where the patient lives. */
export type OralOrder = { authorisedAt: Date; state?: string | null | undefined }
/** When the written or electronic order came to hand; `postmarkedOn` (YYYY-MM-DD) of one that came by mail. */
export type Receipt = { at: Date; postmarkedOn?: string | null | undefined }
/** One row's wish, and the last instant to meet it. */
export type Duty = { rule: Rule<'EMERGENCY_ORAL'>; dueAt: Date }

/** Why an oral order may not be written down as an emergency; undefined where it may. `at`: when it is written down. */
export function refusalOfOral({ schedule, daysSupply, authorisedAt, state }: OralOrder & { schedule: DeaSchedule; daysSupply: number }, at: Date): Refusal | undefined {
  const day = clock.dayOf(authorisedAt)
  const [federal] = rulesAt('EMERGENCY_ORAL', schedule, day)
  if (!federal) return refusal('NOT_SCHEDULE_II', 'Only schedule II needs the emergency order', ruleAt('EMERGENCY_ORAL', 'CII', day), null, 'An electronic prescription')
  const exceeded = rulesAt('EMERGENCY_SUPPLY', schedule, day, state).filter(({ parameters }) => daysSupply > parameters.maxDays).sort((a, b) => a.parameters.maxDays - b.parameters.maxDays)[0]
  if (exceeded) return refusal('EMERGENCY_SUPPLY_EXCEEDED', `The order makes ${daysSupply} days; in an emergency it may make ${exceeded.parameters.maxDays}`, exceeded, null, 'A smaller quantity, for the emergency only')
  const late = rulesAt('EMERGENCY_RECORD', schedule, day).find(({ parameters }) => at > hoursAfter(authorisedAt, parameters.withinHours))
  return late && refusal('EMERGENCY_RECORDED_LATE', `The order was to be written down within ${late.parameters.withinHours} hour`, late, null, 'A new authorisation by the prescriber')
}

/** The last day of a fill on an oral order, and the row that says so. */
export function emergencyValidity(authorisedAt: Date): { lastDay: string; rule: Rule<'EMERGENCY_VALIDITY'> } {
  const day = clock.dayOf(authorisedAt)
  const rule = ruleAt('EMERGENCY_VALIDITY', 'CII', day)
  return { lastDay: addDays(day, rule.parameters.days), rule }
}

/** What the federal row and the state's ask for, the earliest first. */
export function emergencyDuties({ authorisedAt, state }: OralOrder): Duty[] {
  const day = clock.dayOf(authorisedAt)
  return rulesAt('EMERGENCY_ORAL', 'CII', day, state)
    .map((rule): Duty => ({ rule, dueAt: 'followUpHours' in rule.parameters ? hoursAfter(authorisedAt, rule.parameters.followUpHours) : endOfDay(addDays(day, rule.parameters.followUpDays)) }))
    .sort((a, b) => a.dueAt.getTime() - b.dueAt.getTime())
}

/** Whether the order came in time for one row: to hand, or, where that counts, postmarked. */
export const isMet = ({ rule, dueAt }: Duty, receipt: Receipt | null): boolean =>
  !!receipt && (receipt.at <= dueAt || (rule.parameters.postmarkCounts && !!receipt.postmarkedOn && receipt.postmarkedOn <= clock.dayOf(dueAt)))

/** The rows that were not met, each of which has somebody to be told. */
export const failedDuties = (order: OralOrder, receipt: Receipt | null, now: Date): Duty[] => emergencyDuties(order).filter((duty) => now > duty.dueAt && !isMet(duty, receipt))

/** Nothing is left to do: every row was met, or its authority told. */
export const isSettled = (order: OralOrder, receipt: Receipt | null, told: readonly Authority[]): boolean =>
  emergencyDuties(order).every((duty) => isMet(duty, receipt) || told.includes(duty.rule.parameters.tell))

/** Until when its authority is to be told; null where the row sets no time, or nothing was dispensed yet. */
export function tellBy({ rule, dueAt }: Duty, dispensedAt: Date | null): Date | null {
  const { tellWithin } = rule.parameters
  const from = tellWithin?.from === 'FAILURE' ? dueAt : dispensedAt
  return tellWithin && from ? hoursAfter(from, tellWithin.hours) : null
}
