/** Whom and what an incoming prescription is about: patient by keyed hashes, prescriber by NPI, drug by NDC or by name. */
import { blindIndex, isId, type EntityManager, type EventMap } from '@pharmagraph/platform'
import { parseNdc } from '@pharmagraph/schema/identifiers'
import type { DrugAsWritten, PatientAsWritten, PrescriptionContent } from './content.ts'
import { DrugFact, PatientFact, PractitionerFact } from './entities/facts.ts'

type MatchToken = EventMap['patients.patient-registered.v1']['matchTokens'][number]

/** Letters only, lower case, accents stripped: "O'Brien-Núñez" is "obriennunez". */
export const letters = (name: string): string => name.normalize('NFKD').replace(/[^\p{L}]/gu, '').toLowerCase()

/**
 * Keyed hashes of a person, made alike where patients register. NAME_DOB `family|given|YYYY-MM-DD`, NAME_POSTCODE
 * `family|given|zip5`, DOB_POSTCODE `YYYY-MM-DD|zip5`, PHONE its last ten digits, EMAIL trimmed and lower case.
 */
export function matchTokens(key: Buffer, { family, given, dateOfBirth, phone, email, address }: PatientAsWritten): MatchToken[] {
  const name = family && given ? `${letters(family)}|${letters(given)}` : undefined
  const zip = address?.postalCode?.match(/^\s*(\d{5})/)?.[1]
  const digits = phone?.replace(/\D/g, '').slice(-10)
  const normalised: Partial<Record<MatchToken['kind'], string | undefined>> = {
    NAME_DOB: name && dateOfBirth ? `${name}|${dateOfBirth}` : undefined,
    PHONE: digits?.length === 10 ? digits : undefined,
    NAME_POSTCODE: name && zip ? `${name}|${zip}` : undefined,
    DOB_POSTCODE: dateOfBirth && zip ? `${dateOfBirth}|${zip}` : undefined,
    EMAIL: email?.trim() ? email.trim().toLowerCase() : undefined,
  }
  return (Object.entries(normalised) as [MatchToken['kind'], string | undefined][]).flatMap(([kind, value]) => (value ? [{ kind, token: blindIndex(key, kind, value) }] : []))
}

export type Match = { patientId: string | null; practitionerId: string | null; drug: DrugFact | null }

/** Finds what can be found without doubt; null where a person must look. */
export async function match(em: EntityManager, matchKey: Buffer, content: PrescriptionContent): Promise<Match> {
  return {
    patientId: await matchPatient(em, matchKey, content.patient),
    practitionerId: await matchPractitioner(em, content.prescriber.npi),
    drug: await matchDrug(em, content.drug, content.daw),
  }
}

/**
 * One patient on whom two different kinds agree, the name in at least one of them: people of one household share
 * telephone, postcode and even the day of birth.
 */
async function matchPatient(em: EntityManager, matchKey: Buffer, patient: PatientAsWritten): Promise<string | null> {
  if (patient.id) return isId(patient.id) && (await em.count(PatientFact, { patientId: patient.id, registered: true })) ? patient.id : null
  const tokens = matchTokens(matchKey, patient)
  if (tokens.length < 2) return null
  const found = await em.execute<{ patient_id: string }[]>(
    `select patient_id from patient_token where (kind, token) in (${tokens.map(() => '(?, ?)').join(', ')})
     group by patient_id having count(distinct kind) >= 2 and bool_or(kind in ('NAME_DOB', 'NAME_POSTCODE'))`,
    tokens.flatMap(({ kind, token }) => [kind, token]),
  )
  return found.length === 1 ? found[0]!.patient_id : null
}

const matchPractitioner = async (em: EntityManager, npi: string): Promise<string | null> =>
  (await em.findOne(PractitionerFact, { npi, active: true }))?.practitionerId ?? null

/** The product by its NDC; else, where substitution is permitted, the one product of that name, strength and form. */
async function matchDrug(em: EntityManager, { ndc, text, name, strength, form }: DrugAsWritten, daw: number): Promise<DrugFact | null> {
  const parsed = ndc ? parseNdc(ndc) : undefined
  const byNdc = parsed && (await em.findOne(DrugFact, { ndc12: parsed.ndc12 }))
  if (byNdc) return byNdc
  if (parsed && (daw === 1 || daw === 7)) return null
  const described = name && strength && form ? { name, strength, form } : readDrugText(text)
  if (!described) return null
  const found = await em.find(DrugFact, { matchKey: matchKeyOf(described.name, described.strength, described.form) }, { limit: 2 })
  return found.length === 1 ? found[0]! : null
}

/** "Fluconazole 100 MG Oral Tablet", as RxNorm names clinical drugs; undefined for combinations and anything else. */
export function readDrugText(text: string): { name: string; strength: string; form: string } | undefined {
  const found = /^\s*([a-z][a-z -]*?)\s+(\d[\d.,]*\s*(?:mg|mcg|ug|g|meq|unt|units?)(?:\s*\/\s*[\d.]*\s*[a-z]+)?)\s+([a-z][a-z ,-]*?)\s*$/i.exec(text)
  return found ? { name: found[1]!, strength: found[2]!, form: found[3]! } : undefined
}

/** `name|strength|form` in one spelling. A film coat makes no clinical difference; extended or delayed release does. */
export function matchKeyOf(name: string, strength: string, form: string): string {
  const words = form.toLowerCase().replace(/\b(oral|film|coated|topical|hydrochloride)\b/g, ' ').match(/[a-z]+/g) ?? []
  const amount = strength.toLowerCase().replace(/,/g, '').replace(/mcg/g, 'ug').replace(/\s+/g, '')
  return [name.toLowerCase().trim().replace(/\s+/g, ' '), amount, words.sort().join(' ')].join('|')
}
