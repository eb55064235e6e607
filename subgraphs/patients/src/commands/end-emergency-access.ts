import { apply, clock, notFound, type Actor, type EntityManager } from '@pharmagraph/platform'
import { LockMode } from '@mikro-orm/postgresql'
import { access } from '../access.ts'
import { EmergencyAccess } from '../entities/emergency-access.ts'
import * as fields from '../fields.ts'
import { emergencyAccessLifecycle } from '../lifecycles/emergency-access.ts'

/** Ends an access at once: whoever has it, or compliance. Ended already, it stays as it is. */
export async function endEmergencyAccess(em: EntityManager, actor: Actor, id: string): Promise<EmergencyAccess> {
  const granted = await locked(em, actor, id)
  if (granted.status === 'ACTIVE') apply(em, actor, emergencyAccessLifecycle, granted, 'end')
  await em.flush()
  return granted
}

export type EmergencyReview = { id: string; justified: boolean; note: string }

/** Compliance's judgement of an access, once; one that still lasts ends with it. */
export async function reviewEmergencyAccess(em: EntityManager, actor: Actor, { id, justified, note }: EmergencyReview): Promise<EmergencyAccess> {
  access.must(actor, 'emergency-review:decide', undefined)
  const reason = fields.text('note', note, 1000)
  const granted = await locked(em, actor, id)
  if (granted.status === 'ACTIVE') apply(em, actor, emergencyAccessLifecycle, granted, 'end')
  Object.assign(granted, { reviewedBy: actor.subject, reviewedAt: clock.now() })
  apply(em, actor, emergencyAccessLifecycle, granted, justified ? 'justify' : 'condemn', { reason })
  await em.flush()
  return granted
}

async function locked(em: EntityManager, actor: Actor, id: string): Promise<EmergencyAccess> {
  const granted = await em.findOne(EmergencyAccess, { id: fields.id('id', id) }, { lockMode: LockMode.PESSIMISTIC_WRITE })
  if (!granted || !access.can(actor, 'emergency-access:view', granted)) throw notFound('emergency access')
  return granted
}
