import { blindIndex, clock, newId, type Actor, type EntityManager } from '@pharmagraph/platform'
import { Allergy, type AllergyDetails, type CodedConcept, type severities } from '../entities/allergy.ts'
import * as fields from '../fields.ts'
import { patientNamed } from './patient-named.ts'
import type { Services } from '../services.ts'

type AllergyInput = {
  patientId?: string | null | undefined
  substance: CodedConcept
  reaction?: string | null | undefined
  severity?: (typeof severities)[number] | null | undefined
}

/** Records an allergy; the same substance again brings reaction and severity up to date. */
export async function recordAllergy(
  em: EntityManager, actor: Actor, { vault, matchKey }: Services, input: AllergyInput,
): Promise<Allergy & AllergyDetails> {
  const { id: patientId } = await patientNamed(em, actor, 'patient:record-allergy', input.patientId)
  const details: AllergyDetails = { substance: fields.codedConcept('substance', input.substance), reaction: fields.optionalText('reaction', input.reaction, 500) }
  const substanceIndex = blindIndex(matchKey, 'SUBSTANCE', `${details.substance.system}|${details.substance.code}`)
  const severity = input.severity ?? 'UNKNOWN'
  const known = await em.findOne(Allergy, { patientId, substanceIndex })
  const allergy = known ?? em.create(Allergy, { id: newId(), patientId, substanceIndex, sealed: '', severity })
  Object.assign(allergy, { sealed: await vault.seal(em, patientId, details), severity, recordedAt: clock.now() })
  await em.flush()
  return { ...allergy, ...details }
}
