import { clock, defineLifecycle, emit, to } from '@pharmagraph/platform'
import type { EmergencyAccess, EmergencyAccessStatus } from '../entities/emergency-access.ts'

/** Every access is judged afterwards by compliance: the glass is broken in good faith, and that is looked into (45 CFR 164.308(a)(1)(ii)(D)). */
export const emergencyAccessLifecycle = defineLifecycle<EmergencyAccessStatus, EmergencyAccess>({
  name: 'emergency-access',
  initial: 'ACTIVE',
  table: {
    ACTIVE: {
      /** When its hour is over, when it is no longer needed, or because compliance says so. */
      end: to('ENDED', { by: ['prescriber', 'compliance', 'system'] }),
    },
    ENDED: {
      justify: to('JUSTIFIED', { by: ['compliance'] }),
      condemn: to('MISUSED', { by: ['compliance'] }),
    },
    JUSTIFIED: {},
    MISUSED: {},
  },
  announce(em, actor, access, { to: next }) {
    if (next === 'ENDED') access.endedAt = clock.now()
    const { id: accessId, patientId, subject, practitionerId, reason, expiresAt } = access
    emit(em, actor, 'patients.emergency-access-changed.v1', accessId, {
      accessId, patientId, subject, practitionerId: practitionerId ?? null, reason, status: next, expiresAt: expiresAt.toISOString(),
    })
  },
})
