/**
 * The one source of time. Rules depend on dates, so tests turn it: `clock.set()` in process,
 * CLOCK_OFFSET_SECONDS for a whole process.
 */
let offsetMs = Number(process.env['CLOCK_OFFSET_SECONDS'] ?? 0) * 1000

/** Making a format costs a hundred times what using it does. */
const dayFormats = new Map<string, Intl.DateTimeFormat>()

export const clock = {
  now: (): Date => new Date(Date.now() + offsetMs),
  /** Today as YYYY-MM-DD in the pharmacy's time zone, where the law counts days. */
  today: (timeZone = 'America/Los_Angeles'): string => clock.dayOf(clock.now(), timeZone),
  dayOf(instant: Date, timeZone = 'America/Los_Angeles'): string {
    let format = dayFormats.get(timeZone)
    if (!format) dayFormats.set(timeZone, (format = new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' })))
    return format.format(instant)
  },
  set(instant: Date): void {
    offsetMs = instant.getTime() - Date.now()
  },
  advance(ms: number): void {
    offsetMs += ms
  },
  reset(): void {
    offsetMs = 0
  },
}

/** Adds whole days to YYYY-MM-DD. */
export function addDays(day: string, days: number): string {
  const date = new Date(`${day}T00:00:00Z`)
  date.setUTCDate(date.getUTCDate() + days)
  return date.toISOString().slice(0, 10)
}

/** Adds calendar months to YYYY-MM-DD; a day the month lacks becomes its last (08-31 + 6 months = 02-28 or 29). */
export function addMonths(day: string, months: number): string {
  const [year, month, dayOfMonth] = day.split('-').map(Number) as [number, number, number]
  const lastOfTarget = new Date(Date.UTC(year, month - 1 + months + 1, 0))
  lastOfTarget.setUTCDate(Math.min(dayOfMonth, lastOfTarget.getUTCDate()))
  return lastOfTarget.toISOString().slice(0, 10)
}
