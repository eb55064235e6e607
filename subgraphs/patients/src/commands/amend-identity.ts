import type { Actor, EntityManager } from '@pharmagraph/platform'
import type { Identity } from '../entities/patient.ts'
import * as fields from '../fields.ts'
import { openPatient, type OpenedPatient } from '../opened.ts'
import type { Services } from '../services.ts'
import { announceClinicalProfile } from './announce-clinical-profile.ts'
import { keepMatchTokens } from './keep-match-tokens.ts'
import { patientNamed } from './patient-named.ts'

type Amendment = { patientId: string } & { [Field in 'given' | 'family' | 'dateOfBirth' | 'sex']?: Identity[Field] | null | undefined }

/** Corrects what was mistyped, or has changed by law; prescriptions and drug screening follow. */
export async function amendIdentity(em: EntityManager, actor: Actor, services: Services, input: Amendment): Promise<OpenedPatient> {
  const { vault, matchKey } = services
  const patient = await patientNamed(em, actor, 'patient:amend-identity', input.patientId)
  const known = await vault.open<Identity>(em, patient.id, patient.sealed)
  const identity: Identity = {
    ...known,
    ...(input.given ? { given: fields.personName('given', input.given) } : {}),
    ...(input.family ? { family: fields.personName('family', input.family) } : {}),
    ...(input.dateOfBirth ? { dateOfBirth: fields.birthDate(input.dateOfBirth) } : {}),
    ...(input.sex ? { sex: input.sex } : {}),
  }
  if (JSON.stringify(identity) !== JSON.stringify(known)) {
    patient.sealed = await vault.seal(em, patient.id, identity)
    await keepMatchTokens(em, actor, matchKey, patient.id, identity)
    await announceClinicalProfile(em, actor, services, patient)
    await em.flush()
  }
  return openPatient(em, vault, patient)
}
