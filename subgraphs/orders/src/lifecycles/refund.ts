import { defineLifecycle, to, type Role } from '@pharmagraph/platform'
import type { Refund, RefundStatus } from '../entities/payment.ts'

const by: Role[] = ['system']

/** Even a refund that succeeded may come back from the card's bank. */
export const refundLifecycle = defineLifecycle<RefundStatus, Refund>({
  name: 'refund',
  initial: 'REQUESTED',
  table: {
    REQUESTED: { submit: to('PENDING', { by }), succeed: to('SUCCEEDED', { by }), fail: to('FAILED', { by }) },
    PENDING: { succeed: to('SUCCEEDED', { by }), fail: to('FAILED', { by }) },
    SUCCEEDED: { fail: to('FAILED', { by }) },
    FAILED: {},
  },
})
