/**
 * The contract of patients.clinical-profile-changed.v1 and docs/decisions/0013-sealed-clinical-profile.md: what drug
 * screening must know, readable by the holders of MATCH_KEY only. Uses nothing but node:crypto, so that whoever opens
 * profiles can keep a copy.
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'

export type ClinicalProfile = {
  /** `class` is there when the code stands for a drug class: its display in lower case. */
  allergies: { system: string; code: string; display: string; class?: string }[]
  conditions: { system: string; code: string }[]
  /** YYYY-MM: doses depend on age. */
  birthYearMonth: string
  sex: 'FEMALE' | 'MALE' | 'OTHER' | 'UNKNOWN'
  /** True when a recorded condition says so; absence says nothing. */
  pregnant?: boolean
  /** Whom a state's monitoring programme is asked about and told of: it knows people by name and day of birth. */
  person?: { family: string; given: string; dateOfBirth: string; phone: string | null }
}

type Of = { patientId: string; version: number }

/** Keys of different purposes are independent: one MATCH_KEY does not let a hash stand in for a seal. */
const keyOf = (matchKey: Buffer): Buffer => Buffer.from(hkdfSync('sha256', matchKey, '', 'clinical-profile', 32))
/** Binds the text to its patient and version: an old profile, or somebody else's, does not open. */
const additionalData = ({ patientId, version }: Of): Buffer => Buffer.from(`${patientId.toLowerCase()}|${version}`)

/** v1.<iv>.<tag>.<ciphertext>, base64url. */
export function sealProfile(matchKey: Buffer, of: Of, profile: ClinicalProfile): string {
  const iv = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', keyOf(matchKey), iv).setAAD(additionalData(of))
  const text = Buffer.concat([cipher.update(JSON.stringify(profile), 'utf8'), cipher.final()])
  return ['v1', ...[iv, cipher.getAuthTag(), text].map((part) => part.toString('base64url'))].join('.')
}

/** Throws where the text was altered, or sealed under another key, for another patient or as another version. */
export function openProfile(matchKey: Buffer, of: Of, sealed: string): ClinicalProfile {
  const [form, iv, tag, text] = sealed.split('.')
  if (form !== 'v1' || !iv || !tag || !text) throw new Error('a sealed clinical profile has the form v1.<iv>.<tag>.<ciphertext>')
  const decipher = createDecipheriv('aes-256-gcm', keyOf(matchKey), Buffer.from(iv, 'base64url'), { authTagLength: 16 }).setAAD(additionalData(of))
  decipher.setAuthTag(Buffer.from(tag, 'base64url'))
  return JSON.parse(Buffer.concat([decipher.update(Buffer.from(text, 'base64url')), decipher.final()]).toString('utf8')) as ClinicalProfile
}
