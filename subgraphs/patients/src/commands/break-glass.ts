import { apply, begin, clock, invalid, newId, notFound, secondFactorWithin, stepUpRequired, stepUpSeconds, systemActor, type Actor, type EntityManager } from '@pharmagraph/platform'
import { LockMode } from '@mikro-orm/postgresql'
import { access } from '../access.ts'
import { EmergencyAccess, type EmergencyReason } from '../entities/emergency-access.ts'
import { Patient } from '../entities/patient.ts'
import * as fields from '../fields.ts'
import { emergencyAccessLifecycle } from '../lifecycles/emergency-access.ts'
import { patientsFitting, type Lookup } from '../reads/find-patients.ts'
import type { Services } from '../services.ts'
import { queueNotification } from './queue-notification.ts'

const lastsMs = 60 * 60_000

export type BreakGlass = { who: Lookup; reason: EmergencyReason; note: string }

/**
 * The emergency access procedure (45 CFR 164.312(a)(2)(ii)): a prescriber sees the record of a patient in an emergency
 * for an hour, proves who they are, and says why. The patient is told, compliance judges it afterwards. While it lasts
 * asking again answers the same.
 */
export async function breakGlass(em: EntityManager, actor: Actor, { vault, matchKey }: Services, { who, reason, note }: BreakGlass): Promise<EmergencyAccess> {
  access.must(actor, 'glass:break', undefined)
  if (!secondFactorWithin(actor, stepUpSeconds, clock.now())) throw stepUpRequired()
  const why = fields.text('note', note, 1000)
  const [patientId, ...others] = await patientsFitting(em, matchKey, who)
  if (!patientId) throw notFound('patient')
  if (others.length > 0) throw invalid('who', 'this fits several patients: add a phone number, an e-mail address or a member id')
  // two clicks at once wait for each other here, and an erasure for both
  const patient = await em.findOne(Patient, { id: patientId }, { lockMode: LockMode.PESSIMISTIC_WRITE })
  if (!patient) throw notFound('patient')
  const now = clock.now()
  const known = await em.findOne(EmergencyAccess, { patientId, subject: actor.subject, status: 'ACTIVE' }, { lockMode: LockMode.PESSIMISTIC_WRITE })
  if (known && known.expiresAt > now) return known
  if (known) {
    apply(em, systemActor('patients'), emergencyAccessLifecycle, known, 'end')
    await em.flush()
  }
  const granted = em.create(EmergencyAccess, {
    id: newId(), patientId, subject: actor.subject, practitionerId: actor.practitionerId ?? null, reason, status: 'ACTIVE', sealed: await vault.seal(em, patientId, { note: why }),
    grantedAt: now, expiresAt: new Date(now.getTime() + lastsMs), endedAt: null, reviewedBy: null, reviewedAt: null,
  })
  begin(em, actor, emergencyAccessLifecycle, granted, 'breakGlass')
  await queueNotification(em, { patientId, template: 'EMERGENCY_ACCESS', reference: granted.id })
  await em.flush()
  return granted
}
