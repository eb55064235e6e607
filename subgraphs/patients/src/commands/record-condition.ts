import { blindIndex, newId, type Actor, type EntityManager } from '@pharmagraph/platform'
import type { CodedConcept } from '../entities/allergy.ts'
import { Condition } from '../entities/condition.ts'
import * as fields from '../fields.ts'
import { patientNamed } from './patient-named.ts'
import type { Services } from '../services.ts'

/** Records a condition by code; once is enough. */
export async function recordCondition(
  em: EntityManager, actor: Actor, { vault, matchKey }: Services, input: { patientId: string; code: CodedConcept },
): Promise<void> {
  const { id: patientId } = await patientNamed(em, actor, 'patient:record-condition', input.patientId)
  const code = fields.codedConcept('code', input.code)
  const codeIndex = blindIndex(matchKey, 'CONDITION', `${code.system}|${code.code}`)
  if (await em.findOne(Condition, { patientId, codeIndex })) return
  em.create(Condition, { id: newId(), patientId, codeIndex, sealed: await vault.seal(em, patientId, { code }) })
  await em.flush()
}
