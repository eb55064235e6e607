/** Days on which federal offices are open: 5 USC 6103 holidays, moved off weekends as the government observes them. */
import { addDays } from '@pharmagraph/platform'

const weekday = (day: string): number => new Date(`${day}T00:00:00Z`).getUTCDay()
const dayIn = (year: number, month: number, day: number): string => new Date(Date.UTC(year, month - 1, day)).toISOString().slice(0, 10)
const [monday, thursday] = [1, 4]

/** The nth weekday of a month. */
const nth = (year: number, month: number, n: number, wanted: number): string => {
  const first = dayIn(year, month, 1)
  return addDays(first, ((wanted - weekday(first) + 7) % 7) + (n - 1) * 7)
}
const observed = (day: string): string => addDays(day, weekday(day) === 6 ? -1 : weekday(day) === 0 ? 1 : 0)

function holidays(year: number): Set<string> {
  const lastMondayOfMay = addDays(nth(year, 6, 1, monday), -7)
  const fixed = [[1, 1], [6, 19], [7, 4], [11, 11], [12, 25]].map(([month, day]) => observed(dayIn(year, month!, day!)))
  return new Set([
    ...fixed, observed(dayIn(year + 1, 1, 1)), nth(year, 1, 3, monday), nth(year, 2, 3, monday), lastMondayOfMay,
    nth(year, 9, 1, monday), nth(year, 10, 2, monday), nth(year, 11, 4, thursday),
  ])
}

/** The first business day after `day`, both YYYY-MM-DD. */
export function nextBusinessDay(day: string): string {
  let next = addDays(day, 1)
  while (weekday(next) === 0 || weekday(next) === 6 || holidays(Number(next.slice(0, 4))).has(next)) next = addDays(next, 1)
  return next
}
