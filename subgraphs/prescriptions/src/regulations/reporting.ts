/** What is told of controlled dispensing: the monthly report of an online pharmacy (21 CFR 1304.55), state monitoring programmes. */
import { addDays, addMonths } from '@pharmagraph/platform'
import type { DeaSchedule } from '../entities/prescription.ts'
import { ruleAt } from './decisions.ts'
import { rulesAt, type Rule } from './rules.ts'

export type MonthlyReport = {
  /** YYYY-MM. */
  month: string
  prescriptions: number
  dosageUnits: number
  /** Below both limits: told as a negative report. */
  negative: boolean
  dueDay: string
  rule: string
  source: string
}

export function monthlyReport(month: string, { prescriptions, dosageUnits }: { prescriptions: number; dosageUnits: number }): MonthlyReport {
  const { id, source, parameters } = ruleAt('MONTHLY_REPORT', 'CII', `${month}-01`)
  const negative = prescriptions < parameters.prescriptions && dosageUnits < parameters.dosageUnits
  return { month, prescriptions, dosageUnits, negative, dueDay: addDays(addMonths(`${month}-01`, 1), parameters.dueDay - 1), rule: id, source }
}

/** Whether the state's programme must be asked before verification, and by which row. */
export const pdmpQueryRule = (schedule: DeaSchedule, state: string | null | undefined, day: string): Rule<'PDMP_QUERY'> | undefined => rulesAt('PDMP_QUERY', schedule, day, state)[0]

/** The last day to tell the state's programme of a dispensing; undefined where no row asks for it. Weekends are no business days; holidays are not known here. */
export function pdmpReportDue(schedule: DeaSchedule, state: string | null | undefined, dispensedOn: string): { day: string; rule: Rule<'PDMP_REPORT'> } | undefined {
  const rules = rulesAt('PDMP_REPORT', schedule, dispensedOn, state)
  const rule = rules.find(({ jurisdiction }) => jurisdiction === state) ?? rules[0]
  return rule && { rule, day: businessDaysAfter(dispensedOn, rule.parameters.businessDays) }
}

function businessDaysAfter(day: string, days: number): string {
  let left = days
  let at = day
  while (left > 0) {
    at = addDays(at, 1)
    const weekday = new Date(`${at}T00:00:00Z`).getUTCDay()
    if (weekday !== 0 && weekday !== 6) left--
  }
  return at
}
