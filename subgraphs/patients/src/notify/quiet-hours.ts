type QuietHours = { quietFrom: string | null | undefined; quietTo: string | null | undefined; timeZone: string }

const minuteMs = 60_000
const day = 24 * 60
const minutesOf = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3))
const localTime = (instant: Date, timeZone: string): string =>
  new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(instant)

/**
 * `at` itself, or the end of the quiet hours it falls into, by the clock on the wall there; hours from 21:00 to 08:00 go
 * over midnight. Where a clock change leaves that end out, it is the first moment after.
 */
export function afterQuietHours(at: Date, { quietFrom, quietTo, timeZone }: QuietHours): Date {
  if (!quietFrom || !quietTo) return at
  const wall = (instant: Date): number => minutesOf(localTime(instant, timeZone))
  const [now, from, to] = [wall(at), minutesOf(quietFrom), minutesOf(quietTo)]
  const quiet = from <= to ? from <= now && now < to : now >= from || now < to
  if (!quiet) return at
  const later = (instant: Date, minutes: number): Date => new Date(instant.getTime() + minutes * minuteMs)
  const end = later(new Date(Math.floor(at.getTime() / minuteMs) * minuteMs), (to - now + day) % day)
  // a clock change in between moved the wall by this much, up or down
  const off = ((to - wall(end) + day * 1.5) % day) - day / 2
  const corrected = later(end, off)
  return wall(corrected) === to && corrected > at ? corrected : end
}
