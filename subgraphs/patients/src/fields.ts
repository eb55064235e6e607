/** Checks and canonical forms of what people type. Each throws INVALID_INPUT naming the field. */
import { addDays, clock, invalid, isId } from '@pharmagraph/platform'
import { channels, type Channel } from './entities/patient.ts'

/** Trimmed, one to `longest` characters. */
export function text(field: string, value: string, longest = 100): string {
  const trimmed = value.trim()
  if (!trimmed || trimmed.length > longest) throw invalid(field, `${field} must have 1 to ${longest} characters`)
  return trimmed
}

export const optionalText = (field: string, value: string | null | undefined, longest = 100): string | null => (value?.trim() ? text(field, value, longest) : null)

export function personName(field: string, value: string): string {
  const name = text(field, value)
  if (!/\p{L}/u.test(name)) throw invalid(field, `${field} must be a name`)
  return name
}

export function birthDate(value: string): string {
  const today = clock.today()
  const real = /^\d{4}-\d{2}-\d{2}$/.test(value) && addDays(value, 0) === value
  if (!real || value > today || Number(value.slice(0, 4)) < Number(today.slice(0, 4)) - 130) {
    throw invalid('dateOfBirth', 'dateOfBirth must be a past day, as YYYY-MM-DD')
  }
  return value
}

/** Lower case, trimmed. */
export function email(value: string): string {
  const address = value.trim().toLowerCase()
  if (address.length > 254 || !/^[^\s@]{1,64}@[^\s@]+\.[^\s@.]+$/.test(address)) throw invalid('email', 'write an e-mail address such as name@example.com')
  return address
}

/** E.164; ten digits are read as a US number (area code and exchange never start with 0 or 1). */
export function phone(value: string): string {
  const digits = value.replace(/[\s().-]/g, '')
  const number = /^\d{10}$/.test(digits) ? `+1${digits}` : digits
  const american = number.startsWith('+1')
  if (!(american ? /^\+1[2-9]\d{2}[2-9]\d{6}$/ : /^\+[2-9]\d{6,14}$/).test(number)) {
    throw invalid('phone', 'write ten digits of a US number, or + and the country code')
  }
  return number
}

/** BCP 47: a language, with a region if need be. */
export function language(value: string): string {
  if (!/^[a-z]{2,3}(-[A-Z]{2})?$/.test(value)) throw invalid('preferredLanguage', 'write a language tag such as en or es-US')
  return value
}

export function channelList(value: readonly Channel[]): Channel[] {
  if (new Set(value).size !== value.length || value.some((channel) => !channels.includes(channel))) throw invalid('channels', 'name each channel once')
  return [...value]
}

export function timeOfDay(field: string, value: string): string {
  if (!/^([01]\d|2[0-3]):[0-5]\d$/.test(value)) throw invalid(field, 'write a time as HH:MM')
  return value
}

export function timeZone(value: string): string {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: value }).resolvedOptions().timeZone
  } catch {
    throw invalid('timeZone', 'write an IANA time zone such as America/Los_Angeles')
  }
}

export function id(field: string, value: string): string {
  if (!isId(value)) throw invalid(field, `${field} is not an id of ours`)
  return value
}

export function codedConcept(field: string, { system, code, display }: { system: string; code: string; display: string }): { system: string; code: string; display: string } {
  if (!URL.canParse(system)) throw invalid(field, 'the code system is named by its URI')
  return { system, code: text(field, code, 40), display: text(field, display, 200) }
}

/** The number by which a claim finds the payer's processor: six digits, eight since 2020 (ISO/IEC 7812-1:2017). */
export function bankIdentificationNumber(value: string | null | undefined): string | null {
  if (!value?.trim()) return null
  if (!/^\d{6}(\d{2})?$/.test(value.trim())) throw invalid('bin', 'a BIN has six or eight digits')
  return value.trim()
}
