import { clock, hasRole, type Actor, type EntityManager } from '@pharmagraph/platform'
import { seesEveryPatient } from '../access.ts'
import { Delegation, type DelegationScope } from '../entities/delegation.ts'
import { EmergencyAccess } from '../entities/emergency-access.ts'

/**
 * The row rule of everything that belongs to a patient: all of them for clinical and support staff, else the actor's
 * own and those who delegated `scope` to them. Prescribers see those before whom they broke the glass, partners none.
 */
export async function patientsVisibleTo(em: EntityManager, actor: Actor, scope: DelegationScope): Promise<'all' | string[]> {
  if (seesEveryPatient(actor)) return 'all'
  const own = hasRole(actor, 'patient') && actor.patientId ? [actor.patientId] : []
  const caredFor = (await delegationsTo(em, actor)).filter(({ scopes }) => scopes.includes(scope))
  const inEmergency = scope === 'VIEW' && hasRole(actor, 'prescriber') ? await em.find(EmergencyAccess, { subject: actor.subject, status: 'ACTIVE', expiresAt: { $gt: clock.now() } }, { fields: ['patientId'] }) : []
  return [...own, ...[...caredFor, ...inEmergency].map(({ patientId }) => patientId)]
}

/** Delegations in force now: asked each time, so that a revocation counts at the next read. */
export const delegationsTo = async (em: EntityManager, actor: Actor): Promise<Delegation[]> =>
  hasRole(actor, 'caregiver') ? em.find(Delegation, { subject: actor.subject, status: 'ACTIVE' }, { orderBy: { id: 'asc' } }) : []

/** What the actor may do for one patient. */
export async function scopesFor(em: EntityManager, actor: Actor, patientId: string): Promise<readonly DelegationScope[]> {
  const delegation = (await delegationsTo(em, actor)).find((row) => row.patientId === patientId)
  return delegation?.scopes ?? []
}
