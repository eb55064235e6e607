import { blindIndex, newId, type Actor, type EntityManager } from '@pharmagraph/platform'
import type { CodedConcept } from '../entities/allergy.ts'
import { Condition } from '../entities/condition.ts'
import type { Services } from '../services.ts'
import { condition } from '../terminologies.ts'
import { announceClinicalProfile } from './announce-clinical-profile.ts'
import { patientNamed } from './patient-named.ts'

/** Records a condition by code; once is enough. */
export async function recordCondition(
  em: EntityManager, actor: Actor, services: Services, input: { patientId?: string | null | undefined; code: CodedConcept },
): Promise<{ id: string; code: CodedConcept }> {
  const { vault, matchKey } = services
  const patient = await patientNamed(em, actor, 'patient:record-condition', input.patientId)
  const { id: patientId } = patient
  const code = condition(input.code)
  const codeIndex = blindIndex(matchKey, 'CONDITION', `${code.system}|${code.code}`)
  const known = await em.findOne(Condition, { patientId, codeIndex })
  if (known && !known.endedAt) return { id: known.id, code }
  const row = known ?? em.create(Condition, { id: newId(), patientId, codeIndex, sealed: '', endedAt: null })
  Object.assign(row, { sealed: await vault.seal(em, patientId, { code }), endedAt: null })
  await announceClinicalProfile(em, actor, services, patient)
  await em.flush()
  return { id: row.id, code }
}
