import { emit, newId, type Actor, type EntityManager } from '@pharmagraph/platform'
import { Consent, type Purpose } from '../entities/consent.ts'
import * as fields from '../fields.ts'
import { patientNamed } from './patient-named.ts'

type ConsentInput = { purpose: Purpose; granted: boolean; policyVersion: string }

/** Adds a version of the signed-in patient's consent; saying the same again adds none. */
export async function setConsent(em: EntityManager, actor: Actor, input: ConsentInput): Promise<Consent> {
  // the patient's lock: versions are counted one after the other
  const { id } = await patientNamed(em, actor, 'patient:set-consent')
  return recordConsent(em, actor, id, input)
}

export async function recordConsent(em: EntityManager, actor: Actor, patientId: string, { purpose, granted, ...input }: ConsentInput): Promise<Consent> {
  const policyVersion = fields.text('policyVersion', input.policyVersion)
  const latest = await latestConsent(em, patientId, purpose)
  if (latest?.granted === granted && latest.policyVersion === policyVersion) return latest
  const version = (latest?.version ?? 0) + 1
  const consent = em.create(Consent, { id: newId(), patientId, purpose, granted, policyVersion, version, actor: actor.subject })
  emit(em, actor, 'patients.consent-changed.v1', patientId, { patientId, purpose, granted, policyVersion, version })
  return consent
}

export const latestConsent = (em: EntityManager, patientId: string, purpose: Purpose): Promise<Consent | null> =>
  em.findOne(Consent, { patientId, purpose }, { orderBy: { version: 'desc' } })
