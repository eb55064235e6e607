import { blindIndex, invalid, type Actor, type EntityManager } from '@pharmagraph/platform'
import { access } from '../access.ts'
import { InsurancePolicy } from '../entities/insurance-policy.ts'
import { PatientToken } from '../entities/patient-token.ts'
import * as fields from '../fields.ts'
import { matchToken } from '../match-tokens.ts'

export type Lookup = Partial<Record<'email' | 'phone' | 'given' | 'family' | 'dateOfBirth' | 'memberId', string | null | undefined>>

const limit = 20

export async function findPatients(em: EntityManager, actor: Actor, matchKey: Buffer, lookup: Lookup): Promise<string[]> {
  access.must(actor, 'patients:find', undefined)
  return patientsFitting(em, matchKey, lookup)
}

/** Ids of the patients whom everything given fits. Only hashes are compared: nothing is opened to find somebody. */
export async function patientsFitting(em: EntityManager, matchKey: Buffer, { email, phone, given, family, dateOfBirth, memberId }: Lookup): Promise<string[]> {
  const named = [given, family, dateOfBirth].filter(Boolean).length
  if (named > 0 && named < 3) throw invalid(!given ? 'given' : !family ? 'family' : 'dateOfBirth', 'a name is looked up with both names and the date of birth')
  const tokens = [
    ...(email ? [matchToken(matchKey, 'EMAIL', { email: fields.email(email) })] : []),
    ...(phone ? [matchToken(matchKey, 'PHONE', { phone: fields.phone(phone) })] : []),
    ...(given && family && dateOfBirth ? [matchToken(matchKey, 'NAME_DOB', { given, family, dateOfBirth: fields.birthDate(dateOfBirth) })] : []),
  ]
  if (tokens.length === 0 && !memberId) throw invalid('lookup', 'name an e-mail address, a phone number, a member id, or a name with the date of birth')
  const found: string[][] = []
  for (const token of tokens) found.push((await em.find(PatientToken, token, { fields: ['patientId'] })).map(({ patientId }) => patientId))
  if (memberId) {
    const memberIndex = blindIndex(matchKey, 'MEMBER_ID', fields.memberId(memberId))
    found.push((await em.find(InsurancePolicy, { memberIndex, endedAt: null }, { fields: ['patientId'] })).map(({ patientId }) => patientId))
  }
  const [first = [], ...others] = found
  return [...new Set(first)].filter((id) => others.every((ids) => ids.includes(id))).slice(0, limit)
}
