import { clock, defineLifecycle, emit, to, type Guard, type Role } from '@pharmagraph/platform'
import type { LossCase, LossStatus } from '../entities/loss-case.ts'
import type { CountStatus, StockCount } from '../entities/stock-count.ts'

const keepers: readonly Role[] = ['inventory', 'pharmacist-in-charge']
const counters: readonly Role[] = ['technician', 'pharmacist', ...keepers]
const system = { by: ['system'] as const }

export const secondCounter: Guard<StockCount> = ({ firstBy }, { subject }) =>
  firstBy === subject ? { code: 'SECOND_PERSON_NEEDED', message: 'somebody else counts again where count and books differ' } : undefined

export const notACounter: Guard<StockCount> = ({ firstBy, secondBy }, { subject }) =>
  firstBy === subject || secondBy === subject ? { code: 'SECOND_PERSON_NEEDED', message: 'who counted does not review the count' } : undefined

/** A blind count. Agreeing with the books posts it; a difference takes a second counter and a review. */
export const countLifecycle = defineLifecycle<CountStatus, StockCount>({
  name: 'count',
  initial: 'REQUESTED',
  table: {
    REQUESTED: { start: to('COUNTING', { by: counters }) },
    COUNTING: { submit: to('COUNTED', { by: counters }) },
    COUNTED: { agree: to('POSTED', system), investigate: to('INVESTIGATING', system) },
    INVESTIGATING: { recount: to('REVIEW', { by: counters, when: [secondCounter] }) },
    REVIEW: { post: to('POSTED', { by: keepers, when: [notACounter] }) },
    POSTED: {},
  },
})

/** Rule C21: notice to the DEA within one business day, Form 106 within 45 days. */
export const lossCaseLifecycle = defineLifecycle<LossStatus, LossCase>({
  name: 'lossCase',
  initial: 'OPEN',
  table: {
    OPEN: { notify: to('NOTIFIED', { by: ['pharmacist-in-charge', 'compliance'] }) },
    NOTIFIED: { report: to('REPORTED', { by: ['pharmacist-in-charge', 'compliance'] }) },
    REPORTED: {},
  },
  announce(em, actor, loss, { to: next }) {
    const { id: caseId, lotId, drugId, deaSchedule, quantity, noticeDueOn, reportDueOn } = loss
    if (next === 'OPEN') emit(em, actor, 'inventory.loss-case-opened.v1', caseId, { caseId, lotId, drugId, deaSchedule: deaSchedule as 'CII', quantity, noticeDueOn, reportDueOn })
    if (next === 'NOTIFIED') loss.noticedAt = clock.now()
    if (next === 'REPORTED') loss.reportedAt = clock.now()
  },
})
