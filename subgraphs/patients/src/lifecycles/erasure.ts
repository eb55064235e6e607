import { clock, defineLifecycle, emit, to } from '@pharmagraph/platform'
import type { ErasureRequest, ErasureStatus } from '../entities/erasure.ts'

export const erasureLifecycle = defineLifecycle<ErasureStatus, ErasureRequest>({
  name: 'erasure',
  initial: 'RESTRICTED',
  table: {
    /** Nothing is done with the record but keeping it: consents are withdrawn, delegations ended. */
    RESTRICTED: {
      withdraw: to('WITHDRAWN', { by: ['patient', 'compliance', 'system'] }),
      erase: to('ERASING', { by: ['system'] }),
    },
    /** The patient's key is destroyed here; the others are destroying theirs. */
    ERASING: { certify: to('CERTIFIED', { by: ['system'] }) },
    WITHDRAWN: {},
    CERTIFIED: {},
  },
  announce(em, actor, request, { from, to: next }) {
    if (next === 'ERASING') request.erasedAt = clock.now()
    emit(em, actor, 'patients.erasure-status-changed.v1', request.id, {
      requestId: request.id, patientId: request.patientId, from: (from || null) as never, to: next, certificateHash: request.certificateHash ?? null,
    })
  },
})
