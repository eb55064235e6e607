import { defineLifecycle, emit, to, type Role } from '@pharmagraph/platform'
import type { Return, ReturnStatus } from '../entities/return.ts'

const staff: Role[] = ['support', 'pharmacist-in-charge']

/** Where the policy leaves no choice it decides; else the staff does. Settled once the money is back. */
export const returnLifecycle = defineLifecycle<ReturnStatus, Return>({
  name: 'return',
  initial: 'REQUESTED',
  table: {
    REQUESTED: { approve: to('APPROVED', { by: [...staff, 'system'] }), decline: to('DECLINED', { by: staff }) },
    APPROVED: { settle: to('SETTLED', { by: ['system'] }) },
    DECLINED: {},
    SETTLED: {},
  },
  announce(em, actor, { id: returnId, orderId, patientId, cause }, { from, to: next }) {
    emit(em, actor, 'orders.return-status-changed.v1', orderId, { returnId, orderId, patientId, from, to: next, cause })
  },
})
