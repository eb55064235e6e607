type QuietHours = { quietFrom: string | null | undefined; quietTo: string | null | undefined; timeZone: string }

const minuteMs = 60_000
const minutesOf = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3))
const localTime = (instant: Date, timeZone: string): string =>
  new Intl.DateTimeFormat('en-GB', { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(instant)

/** `at` itself, or the end of the quiet hours it falls into; hours from 21:00 to 08:00 go over midnight. */
export function afterQuietHours(at: Date, { quietFrom, quietTo, timeZone }: QuietHours): Date {
  if (!quietFrom || !quietTo) return at
  const [now, from, to] = [minutesOf(localTime(at, timeZone)), minutesOf(quietFrom), minutesOf(quietTo)]
  const quiet = from <= to ? from <= now && now < to : now >= from || now < to
  if (!quiet) return at
  const end = Math.floor(at.getTime() / minuteMs) * minuteMs + ((to - now + 24 * 60) % (24 * 60)) * minuteMs
  // where a clock change lies in between, the sender asks again before it sends
  return new Date(end)
}
