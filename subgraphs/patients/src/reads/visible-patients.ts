import { hasRole, type Actor, type EntityManager } from '@pharmagraph/platform'
import { seesEveryPatient } from '../access.ts'
import { Caregiver } from '../entities/caregiver.ts'

/**
 * The row rule of everything that belongs to a patient: all of them for clinical and support staff, else the actor's
 * own and those they care for. Prescribers and partners see none.
 */
export async function patientsVisibleTo(em: EntityManager, actor: Actor): Promise<'all' | string[]> {
  if (seesEveryPatient(actor)) return 'all'
  const own = hasRole(actor, 'patient') && actor.patientId ? [actor.patientId] : []
  const caredFor = hasRole(actor, 'caregiver') ? await em.find(Caregiver, { subject: actor.subject }) : []
  return [...own, ...caredFor.map(({ patientId }) => patientId)]
}
