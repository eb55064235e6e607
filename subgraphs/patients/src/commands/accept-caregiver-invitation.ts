import { apply, clock, forbidden, problem, type Actor, type EntityManager } from '@pharmagraph/platform'
import { LockMode } from '@mikro-orm/postgresql'
import { access } from '../access.ts'
import { Delegation } from '../entities/delegation.ts'
import { delegationLifecycle } from '../lifecycles/delegation.ts'
import type { Services } from '../services.ts'
import { codeIndex } from './invite-caregiver.ts'

const refused = (code: string, message: string) => problem('InvitationRefused', code, message)

/** Binds the invitation to the account that has the code; the same account again finds what it has. */
export async function acceptCaregiverInvitation(em: EntityManager, actor: Actor, { matchKey }: Services, code: string): Promise<Delegation> {
  if (!access.can(actor, 'delegation:accept', undefined)) throw forbidden('only a caregiver takes up an invitation')
  const delegation = await em.findOne(Delegation, { codeIndex: codeIndex(matchKey, code) }, { lockMode: LockMode.PESSIMISTIC_WRITE })
  if (delegation?.status === 'ACTIVE' && delegation.subject === actor.subject) return delegation
  if (delegation?.status !== 'INVITED') throw refused('INVITATION_UNKNOWN', 'there is no such invitation: check the code, or ask for a new one')
  if (delegation.expiresAt && delegation.expiresAt <= clock.now()) throw refused('INVITATION_EXPIRED', 'this invitation has expired: ask for a new one')
  await accept(em, actor, delegation, actor.subject)
  return delegation
}

/** One person acts for one patient under one delegation at a time. */
export async function accept(em: EntityManager, actor: Actor, delegation: Delegation, subject: string): Promise<void> {
  const { patientId } = delegation
  // two codes in two windows: the second waits here and finds the first
  await em.execute('select pg_advisory_xact_lock(hashtext(?))', [`delegation:${patientId}|${subject}`])
  if (await em.findOne(Delegation, { patientId, subject, status: 'ACTIVE' })) throw refused('ALREADY_DELEGATED', 'you act for this patient already: they can change what you may do')
  Object.assign(delegation, { subject, since: clock.now() })
  apply(em, actor, delegationLifecycle, delegation, 'accept')
  await em.flush()
}
