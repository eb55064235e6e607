import { AppError, notFound, type Actor, type EntityManager } from '@pharmagraph/platform'
import { LockMode } from '@mikro-orm/postgresql'
import { access } from '../access.ts'
import { Delegation, type DelegationDetails, type DelegationScope } from '../entities/delegation.ts'
import * as fields from '../fields.ts'
import { delegationLifecycle } from '../lifecycles/delegation.ts'
import { openDelegation } from '../opened.ts'
import type { Services } from '../services.ts'

/** What the caregiver may do from now on, more or less. */
export async function changeCaregiverScopes(
  em: EntityManager, actor: Actor, { vault }: Services, input: { delegationId: string; scopes: readonly DelegationScope[] },
): Promise<Delegation & DelegationDetails> {
  const delegation = await em.findOne(Delegation, { id: fields.id('delegationId', input.delegationId) }, { lockMode: LockMode.PESSIMISTIC_WRITE })
  if (!delegation || !access.can(actor, 'patient:delegate', { id: delegation.patientId })) throw notFound('delegation')
  if (delegation.status !== 'ACTIVE') throw new AppError('TRANSITION_REFUSED', 'this delegation is not in force: invite them again', { allowed: [] })
  delegation.scopes = fields.delegationScopes(input.scopes)
  delegationLifecycle.announce?.(em, actor, delegation, { from: 'ACTIVE', to: 'ACTIVE', verb: 'change-scopes' })
  await em.flush()
  return { ...delegation, ...(await openDelegation(em, vault, delegation)) }
}
