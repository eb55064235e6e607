import { blindIndex, clock, newId, type Actor, type EntityManager } from '@pharmagraph/platform'
import { Allergy, type AllergyDetails, type CodedConcept, type severities } from '../entities/allergy.ts'
import * as fields from '../fields.ts'
import { announceClinicalProfile } from './announce-clinical-profile.ts'
import { patientNamed } from './patient-named.ts'
import type { Services } from '../services.ts'
import { substance } from '../terminologies.ts'

type AllergyInput = {
  patientId?: string | null | undefined
  substance: CodedConcept
  reaction?: string | null | undefined
  severity?: (typeof severities)[number] | null | undefined
}

/** Records an allergy; the same substance again brings reaction and severity up to date. */
export async function recordAllergy(
  em: EntityManager, actor: Actor, services: Services, input: AllergyInput,
): Promise<Allergy & AllergyDetails> {
  const { vault, matchKey } = services
  const patient = await patientNamed(em, actor, 'patient:record-allergy', input.patientId)
  const { id: patientId } = patient
  const details: AllergyDetails = { substance: substance(input.substance), reaction: fields.optionalText('reaction', input.reaction, 500) }
  const substanceIndex = blindIndex(matchKey, 'SUBSTANCE', `${details.substance.system}|${details.substance.code}`)
  const severity = input.severity ?? 'UNKNOWN'
  const known = await em.findOne(Allergy, { patientId, substanceIndex })
  const allergy = known ?? em.create(Allergy, { id: newId(), patientId, substanceIndex, sealed: '', severity, endedAt: null })
  Object.assign(allergy, { sealed: await vault.seal(em, patientId, details), severity, recordedAt: clock.now(), endedAt: null })
  await announceClinicalProfile(em, actor, services, patient)
  await em.flush()
  return { ...allergy, ...details }
}
