import { blindIndex, type EventMap } from '@pharmagraph/platform'
import type { Identity } from './entities/patient.ts'

/** Letters only, lower case, accents stripped: "O'Brien-Núñez" is "obriennunez". */
const letters = (name: string): string => name.normalize('NFKD').replace(/[^\p{L}]/gu, '').toLowerCase()

/**
 * Keyed hashes by which an incoming prescription finds the patient, so that no identifier travels. Whoever matches
 * must normalise alike: NAME_DOB `family|given|YYYY-MM-DD`, PHONE its last ten digits, EMAIL trimmed and lower case.
 */
export function matchTokens(key: Buffer, { family, given, dateOfBirth, phone, email }: Identity): EventMap['patients.patient-registered.v1']['matchTokens'] {
  const normalised = {
    NAME_DOB: `${letters(family)}|${letters(given)}|${dateOfBirth}`,
    PHONE: phone.replace(/\D/g, '').slice(-10),
    EMAIL: email.trim().toLowerCase(),
  } as const
  return (['NAME_DOB', 'PHONE', 'EMAIL'] as const).map((kind) => ({ kind, token: blindIndex(key, kind, normalised[kind]) }))
}
