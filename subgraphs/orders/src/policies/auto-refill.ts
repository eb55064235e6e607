import { addDays } from '@pharmagraph/platform'
import type { DrugFact } from '../entities/facts.ts'

type Schedule = DrugFact['deaSchedule']
/** ORDER: placed by itself after the notice. ASK: the patient confirms each. NEVER: not ordered this way. */
export type AutoRefillRow = { deaSchedule: Schedule; from: string; does: 'ORDER' | 'ASK' | 'NEVER'; source: string }

const house = 'house policy'
/** Newest last; a row holds until the next of its schedule begins. */
export const autoRefillRows: readonly AutoRefillRow[] = [
  { deaSchedule: 'NONE', from: '2023-01-01', does: 'ORDER', source: `${house}: with the consent AUTO_REFILL, after a notice` },
  { deaSchedule: 'CI', from: '2023-01-01', does: 'NEVER', source: '21 USC 829' },
  { deaSchedule: 'CII', from: '2023-01-01', does: 'NEVER', source: '21 CFR 1306.12(a): schedule II is not refilled' },
  ...(['CIII', 'CIV', 'CV'] as const).map((deaSchedule): AutoRefillRow => ({
    deaSchedule, from: '2023-01-01', does: 'ASK', source: `${house}: a controlled substance is never sent unasked; refills are bound by 21 CFR 1306.22`,
  })),
]

/** The row in force on `day` (YYYY-MM-DD). */
export function autoRefillRowFor(deaSchedule: Schedule, day: string): AutoRefillRow {
  const row = autoRefillRows.findLast((one) => one.deaSchedule === deaSchedule && one.from <= day)
  if (!row) throw new RangeError(`no policy for automatic refills of ${deaSchedule} on ${day}`)
  return row
}

/** Days from the notice to the order. House policy. */
export const noticeDays = 3
/** The order is placed so many days before the supply runs out, for the parcel to come in time. House policy. */
export const daysAhead = 3
/** A day the patient chooses is at most so far away. */
export const mostDaysAway = 30

/** The day to order on: after the notice, earlier where the supply would run out, and never on the day of the notice. */
export function orderDay(today: string, runsOutOn: string | null): string {
  const afterNotice = addDays(today, noticeDays)
  const inTime = runsOutOn ? addDays(runsOutOn, -daysAhead) : afterNotice
  const soonest = addDays(today, 1)
  const day = inTime < afterNotice ? inTime : afterNotice
  return day > soonest ? day : soonest
}
