/** What drug screening must know of a patient, as patients.clinical-profile-changed.v1 seals it for the holders of MATCH_KEY. */
import { createDecipheriv, hkdfSync } from 'node:crypto'
import { AppError } from '@pharmagraph/platform'

export type ClinicalProfile = {
  /** `class`, in lower case, where the code stands for a class of drugs. */
  allergies: { system: string; code: string; display: string; class?: string }[]
  conditions: { system: string; code: string }[]
  /** YYYY-MM. */
  birthYearMonth: string
  sex: 'FEMALE' | 'MALE' | 'OTHER' | 'UNKNOWN'
  /** Its absence says nothing. */
  pregnant?: boolean
  /** For monitoring programmes, which know people by name and day of birth. Profiles of before have none. */
  person?: { family: string; given: string; dateOfBirth: string; phone: string | null }
}

/** Throws BAD_SIGNATURE where it was altered, or sealed under another key, for another patient, or as another version. */
export function openClinicalProfile(matchKey: Buffer, { patientId, version, sealed }: { patientId: string; version: number; sealed: string }): ClinicalProfile {
  const [form, iv = '', tag = '', text = ''] = sealed.split('.')
  const bytes = (part: string): Buffer => Buffer.from(part, 'base64url')
  try {
    if (form !== 'v1') throw new RangeError(`unknown form ${form}`)
    const key = Buffer.from(hkdfSync('sha256', matchKey, '', 'clinical-profile', 32))
    const decipher = createDecipheriv('aes-256-gcm', key, bytes(iv), { authTagLength: 16 }).setAAD(Buffer.from(`${patientId.toLowerCase()}|${version}`)).setAuthTag(bytes(tag))
    return JSON.parse(Buffer.concat([decipher.update(bytes(text)), decipher.final()]).toString('utf8')) as ClinicalProfile
  } catch {
    throw new AppError('BAD_SIGNATURE', 'a clinical profile does not open with our MATCH_KEY')
  }
}

/** Completed years, by the month of birth: who is born this month counts as a year older. */
export function ageOn(day: string, birthYearMonth: string): number {
  const [year, month] = birthYearMonth.split('-').map(Number) as [number, number]
  const [thisYear, thisMonth] = day.split('-').map(Number) as [number, number]
  return thisYear - year - (thisMonth < month ? 1 : 0)
}
