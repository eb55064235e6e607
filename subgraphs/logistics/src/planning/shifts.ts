import { addDays, clock } from '@pharmagraph/platform'
import { weekdays, type Shift } from '../entities/fleet.ts'

/** A shift of a certain day. `date` is the day in the depot's time zone. */
export type ShiftWindow = { date: string; start: Date; end: Date }

const daysAhead = 7

/** The shift a driver is in and those of the next days, soonest first. */
export function shiftWindows(shifts: readonly Shift[], timeZone: string, now: Date): ShiftWindow[] {
  const today = clock.dayOf(now, timeZone)
  const windows: ShiftWindow[] = []
  for (let ahead = 0; ahead <= daysAhead; ahead++) {
    const date = addDays(today, ahead)
    const weekday = weekdays[new Date(`${date}T00:00:00Z`).getUTCDay()]!
    for (const { days, start, end } of shifts) {
      if (days.includes(weekday)) windows.push({ date, start: instantOf(date, start, timeZone), end: instantOf(date, end, timeZone) })
    }
  }
  return windows.filter(({ end }) => end > now).sort((a, b) => a.start.getTime() - b.start.getTime())
}

/** The instant of a local day and HH:MM. */
export function instantOf(date: string, time: string, timeZone: string): Date {
  const asUtc = Date.parse(`${date}T${time}:00Z`)
  const guess = asUtc - offsetMs(new Date(asUtc), timeZone)
  // the offset of the day of a clock change depends on the hour: ask again nearer to it
  return new Date(asUtc - offsetMs(new Date(guess), timeZone))
}

function offsetMs(instant: Date, timeZone: string): number {
  const parts = new Intl.DateTimeFormat('en-CA', {
    timeZone, hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit',
  }).formatToParts(instant)
  const part = (type: string): string => parts.find((one) => one.type === type)!.value
  return Date.parse(`${part('year')}-${part('month')}-${part('day')}T${part('hour')}:${part('minute')}:${part('second')}Z`) - Math.floor(instant.getTime() / 1000) * 1000
}
