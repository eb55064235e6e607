import { blindIndex } from '@pharmagraph/platform'
import type { Identity } from './entities/patient.ts'

export type MatchKind = 'NAME_DOB' | 'PHONE' | 'EMAIL'
export type MatchToken = { kind: MatchKind; token: string }

/** Letters only, lower case, accents stripped: "O'Brien-Núñez" is "obriennunez". */
const letters = (name: string): string => name.normalize('NFKD').replace(/[^\p{L}]/gu, '').toLowerCase()

/** NAME_DOB is `family|given|YYYY-MM-DD`, PHONE its last ten digits, EMAIL trimmed and lower case. */
const normalised = {
  NAME_DOB: ({ family, given, dateOfBirth }: Pick<Identity, 'family' | 'given' | 'dateOfBirth'>) => `${letters(family)}|${letters(given)}|${dateOfBirth}`,
  PHONE: ({ phone }: Pick<Identity, 'phone'>) => phone.replace(/\D/g, '').slice(-10),
  EMAIL: ({ email }: Pick<Identity, 'email'>) => email.trim().toLowerCase(),
} as const

export const matchToken = <Kind extends MatchKind>(key: Buffer, kind: Kind, of: Parameters<(typeof normalised)[Kind]>[0]): MatchToken =>
  ({ kind, token: blindIndex(key, kind, normalised[kind](of as never)) })

/** Keyed hashes by which an incoming prescription finds the patient, so that no identifier travels. Whoever matches must normalise alike. */
export const matchTokens = (key: Buffer, identity: Identity): MatchToken[] =>
  [matchToken(key, 'NAME_DOB', identity), matchToken(key, 'PHONE', identity), matchToken(key, 'EMAIL', identity)]
