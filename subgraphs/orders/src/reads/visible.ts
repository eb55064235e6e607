import { hasRole, isStaff, type Actor, type EntityManager } from '@pharmagraph/platform'
import { DelegationFact } from '../entities/delegation.ts'

/** Whose orders an actor sees, asked for once: 'ALL' for staff, else their own and those of patients whose caregiver they are (scope VIEW). */
export function patientsSeenBy(em: EntityManager, actor: Actor): () => Promise<'ALL' | string[]> {
  let found: Promise<'ALL' | string[]> | undefined
  return () => (found ??= (async () => {
    if (isStaff(actor)) return 'ALL'
    const own = hasRole(actor, 'patient', 'caregiver') && actor.patientId ? [actor.patientId] : []
    if (!hasRole(actor, 'caregiver')) return own
    const delegations = await em.find(DelegationFact, { subject: actor.subject })
    return [...own, ...delegations.filter(({ scopes }) => scopes.includes('VIEW')).map(({ patientId }) => patientId)]
  })())
}
