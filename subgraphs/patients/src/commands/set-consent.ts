import { emit, newId, type Actor, type EntityManager } from '@pharmagraph/platform'
import { LockMode } from '@mikro-orm/postgresql'
import { Consent, type Purpose } from '../entities/consent.ts'
import { Notification } from '../entities/notification.ts'
import * as fields from '../fields.ts'
import { latestConsent } from '../reads/latest-consents.ts'
import { patientNamed } from './patient-named.ts'
import { dropNotification } from './queue-notification.ts'
import { mustNotBeRestricted } from './restricted.ts'

type ConsentInput = { purpose: Purpose; granted: boolean; policyVersion: string }

/** Adds a version of the signed-in patient's consent; saying the same again adds none. A withdrawal counts from this moment. */
export async function setConsent(em: EntityManager, actor: Actor, input: ConsentInput): Promise<Consent> {
  // the patient's lock: versions are counted one after the other
  const { id } = await patientNamed(em, actor, 'patient:set-consent')
  if (input.granted) await mustNotBeRestricted(em, id)
  const consent = await recordConsent(em, actor, id, input)
  if (input.purpose === 'NOTIFICATIONS' && !input.granted) await dropQueued(em, id)
  return consent
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

/** What waits for the end of quiet hours is not sent any more; one that is being handed over at this moment still goes. */
export async function dropQueued(em: EntityManager, patientId: string): Promise<void> {
  const waiting = await em.find(Notification, { patientId, status: 'QUEUED' }, { lockMode: LockMode.PESSIMISTIC_WRITE, orderBy: { id: 'asc' } })
  for (const notification of waiting) dropNotification(em, notification, 'CONSENT_WITHDRAWN')
}
