import { hasRole, page, type Actor, type Connection, type EntityManager, type Page } from '@pharmagraph/platform'
import { access } from '../access.ts'
import { EmergencyAccess, type EmergencyAccessStatus } from '../entities/emergency-access.ts'

/** All for compliance, their own for prescribers. */
export async function emergencyAccesses(em: EntityManager, actor: Actor, { status, ...request }: Page & { status?: EmergencyAccessStatus | null | undefined }): Promise<Connection<EmergencyAccess>> {
  access.must(actor, 'emergency-review:list', undefined)
  return page<EmergencyAccess>(em, EmergencyAccess, { ...(status && { status }), ...(!hasRole(actor, 'compliance') && { subject: actor.subject }) }, request)
}
