import { hasRole, isStaff, type Actor, type EntityManager } from '@pharmagraph/platform'
import { DelegationFact } from '../entities/delegation.ts'

/** What a patient lets this caregiver do for them now: VIEW, ORDER, MESSAGES. Nothing for anybody else, and nothing from the moment it is withdrawn. */
export async function scopesFor(em: EntityManager, actor: Actor, patientId: string | undefined): Promise<readonly string[]> {
  if (!patientId || !hasRole(actor, 'caregiver')) return []
  return (await em.find(DelegationFact, { subject: actor.subject, patientId })).flatMap(({ scopes }) => scopes)
}

/** Whose orders an actor sees, asked for once: 'ALL' for staff, else their own and those of patients whose caregiver they are (scope VIEW; ORDER for carts). */
export function patientsSeenBy(em: EntityManager, actor: Actor): (scope?: 'VIEW' | 'ORDER') => Promise<'ALL' | string[]> {
  let found: Promise<DelegationFact[]> | undefined
  return async (scope = 'VIEW') => {
    if (scope === 'VIEW' && isStaff(actor)) return 'ALL'
    const own = hasRole(actor, 'patient', 'caregiver') && actor.patientId ? [actor.patientId] : []
    if (!hasRole(actor, 'caregiver')) return own
    const delegations = await (found ??= em.find(DelegationFact, { subject: actor.subject }))
    return [...own, ...delegations.filter(({ scopes }) => scopes.includes(scope)).map(({ patientId }) => patientId)]
  }
}
