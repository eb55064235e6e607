/** Checks and canonical forms of what people type. Each throws INVALID_INPUT naming the field. */
import { addDays, clock, invalid, isId } from '@pharmagraph/platform'
import { delegationScopes as scopeList, type DelegationScope } from './entities/delegation.ts'
import { channels, type Channel } from './entities/patient.ts'

/** Trimmed, one to `longest` characters. */
export function text(field: string, value: string, longest = 100): string {
  const trimmed = value.trim()
  if (!trimmed || trimmed.length > longest) throw invalid(field, `${field} must have 1 to ${longest} characters`)
  if (holdsCardNumber(trimmed)) throw invalid(field, `${field} seems to hold a payment card number: we never keep one, please take it out`)
  return trimmed
}

/**
 * Thirteen to nineteen digits, perhaps grouped by spaces or hyphens, that satisfy the check digit of payment cards
 * (ISO/IEC 7812): people write them where they do not belong, and PCI DSS 3.2 wants them nowhere.
 */
export const holdsCardNumber = (value: string): boolean =>
  [...value.matchAll(/(?<!\d)\d(?:[ -]?\d){12,18}(?!\d)/g)].some(([digits]) => {
    const sum = [...digits.replace(/\D/g, '')].reverse().map(Number).reduce((total, digit, place) => total + (place % 2 ? (digit * 2) % 10 + Math.floor(digit / 5) : digit), 0)
    return sum % 10 === 0
  })

export const optionalText = (field: string, value: string | null | undefined, longest = 100): string | null => (value?.trim() ? text(field, value, longest) : null)

export function personName(field: string, value: string): string {
  const name = text(field, value)
  if (!/\p{L}/u.test(name)) throw invalid(field, `${field} must be a name`)
  return name
}

export function birthDate(value: string): string {
  const today = clock.today()
  const real = /^\d{4}-\d{2}-\d{2}$/.test(value) && !Number.isNaN(Date.parse(value)) && addDays(value, 0) === value
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

/** The number by which a claim finds the payer's processor: six digits, eight since 2020 (ISO/IEC 7812-1:2017). */
export function bankIdentificationNumber(value: string | null | undefined): string | null {
  if (!value?.trim()) return null
  if (!/^\d{6}(\d{2})?$/.test(value.trim())) throw invalid('bin', 'a BIN has six or eight digits')
  return value.trim()
}

/** The processor control number (NCPDP 104-A4) says which plan behind a BIN: alone it leads nowhere. */
export function processorControlNumber(value: string | null | undefined, bin: string | null): string | null {
  if (!value?.trim()) return null
  const pcn = value.trim().toUpperCase()
  if (!/^[A-Z0-9]{1,10}$/.test(pcn)) throw invalid('pcn', 'a PCN has up to ten letters or digits')
  if (!bin) throw invalid('bin', 'a PCN needs the BIN it belongs to')
  return pcn
}

/** NCPDP 301-C1. */
export function groupNumber(value: string | null | undefined): string | null {
  if (!value?.trim()) return null
  const group = text('groupNumber', value, 15)
  if (!/^[A-Za-z0-9-]+$/.test(group)) throw invalid('groupNumber', 'a group number has up to 15 letters, digits or hyphens')
  return group
}

/** NCPDP 302-C2, in capitals. */
export function memberId(value: string): string {
  const id = text('memberId', value, 20).toUpperCase()
  if (!/^[A-Z0-9 -]+$/.test(id)) throw invalid('memberId', 'a member id has up to 20 letters, digits, spaces or hyphens')
  return id
}

/** In their own order, each once; nobody acts for a patient whose record they may not see, so VIEW is always in. */
export const delegationScopes = (asked: readonly DelegationScope[]): DelegationScope[] => scopeList.filter((scope) => scope === 'VIEW' || asked.includes(scope))
