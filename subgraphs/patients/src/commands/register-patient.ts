import { forbidden, type Actor, type EntityManager } from '@pharmagraph/platform'
import { access } from '../access.ts'
import type { Purpose } from '../entities/consent.ts'
import { Patient, type Identity } from '../entities/patient.ts'
import * as fields from '../fields.ts'
import { openPatient, type OpenedPatient } from '../opened.ts'
import type { Services } from '../services.ts'
import { announceClinicalProfile } from './announce-clinical-profile.ts'
import { keepMatchTokens } from './keep-match-tokens.ts'
import { recordConsent } from './set-consent.ts'

export type Registration = Identity & { preferredLanguage: string; consents: readonly Purpose[]; policyVersion: string }

/** Makes the signed-in person a patient. The id is their token's patient id: a retry finds the patient and changes nothing. */
export async function registerPatient(em: EntityManager, actor: Actor, services: Services, input: Registration): Promise<OpenedPatient> {
  if (!actor.patientId) throw forbidden('this account has no patient id')
  access.must(actor, 'patient:register', { id: actor.patientId })
  return createPatient(em, actor, services, actor.patientId, input)
}

export async function createPatient(em: EntityManager, actor: Actor, services: Services, id: string, input: Registration): Promise<OpenedPatient> {
  const { vault, matchKey } = services
  const identity: Identity = {
    given: fields.personName('given', input.given),
    family: fields.personName('family', input.family),
    dateOfBirth: fields.birthDate(input.dateOfBirth),
    sex: input.sex,
    email: fields.email(input.email),
    phone: fields.phone(input.phone),
  }
  const preferredLanguage = fields.language(input.preferredLanguage)
  // two taps on the button: the second waits here and then finds the patient
  await em.execute('select pg_advisory_xact_lock(hashtext(?))', [`patient:${id}`])
  const known = await em.findOne(Patient, { id })
  if (known) return openPatient(em, vault, known)

  const patient = em.create(Patient, {
    id, sealed: await vault.seal(em, id, identity), preferredLanguage,
    channels: ['EMAIL'], quietFrom: null, quietTo: null, timeZone: 'America/Los_Angeles', profileVersion: 0,
  })
  await keepMatchTokens(em, actor, matchKey, id, identity)
  for (const purpose of new Set(input.consents)) await recordConsent(em, actor, id, { purpose, granted: true, policyVersion: input.policyVersion })
  await announceClinicalProfile(em, actor, services, patient)
  await em.flush()
  return openPatient(em, vault, patient)
}
