import { apply, notFound, type Actor, type EntityManager } from '@pharmagraph/platform'
import { LockMode } from '@mikro-orm/postgresql'
import { access } from '../access.ts'
import { Delegation } from '../entities/delegation.ts'
import * as fields from '../fields.ts'
import { delegationLifecycle } from '../lifecycles/delegation.ts'

/** Ends a delegation or withdraws an invitation. Every read asks the table, so it is in force at once. */
export async function revokeCaregiver(em: EntityManager, actor: Actor, id: string): Promise<string> {
  const delegation = await em.findOne(Delegation, { id: fields.id('delegationId', id) }, { lockMode: LockMode.PESSIMISTIC_WRITE })
  if (!delegation || !access.can(actor, 'delegation:revoke', delegation)) throw notFound('delegation')
  if (delegation.status !== 'REVOKED') apply(em, actor, delegationLifecycle, delegation, 'revoke')
  delegation.codeIndex = null
  await em.flush()
  return delegation.id
}
