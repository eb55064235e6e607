import { clock, defineLifecycle, emit, to, type Guard } from '@pharmagraph/platform'
import type { Delegation, DelegationStatus } from '../entities/delegation.ts'

const notExpired: Guard<Delegation> = ({ expiresAt }) =>
  expiresAt && expiresAt <= clock.now() ? { code: 'INVITATION_EXPIRED', message: 'this invitation has expired: ask for a new one' } : undefined

export const delegationLifecycle = defineLifecycle<DelegationStatus, Delegation>({
  name: 'delegation',
  initial: 'INVITED',
  table: {
    INVITED: {
      accept: to('ACTIVE', { by: ['caregiver', 'system'], when: [notExpired] }),
      revoke: to('REVOKED', { by: ['patient', 'system'] }),
    },
    ACTIVE: {
      /** The caregiver may step back, too. */
      revoke: to('REVOKED', { by: ['patient', 'caregiver', 'system'] }),
    },
    REVOKED: {},
  },
  announce(em, actor, delegation) {
    const { id: delegationId, patientId, subject, status, scopes } = delegation
    // an invitation nobody took up is no access and nobody else's business
    if (!subject) return
    delegation.announced += 1
    emit(em, actor, 'patients.delegation-changed.v1', delegationId, {
      delegationId, patientId, subject, scopes: status === 'ACTIVE' ? [...scopes] : [], version: delegation.announced,
    })
  },
})
