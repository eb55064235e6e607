import { clock, defineLifecycle, emit, to, type Role } from '@pharmagraph/platform'
import type { NoticeStatus, Recall, RecallNotice, RecallStatus } from '../entities/recall.ts'

const keepers: readonly Role[] = ['inventory', 'pharmacist-in-charge']
const callers: readonly Role[] = ['pharmacist', 'pharmacist-in-charge', 'support', 'inventory']

/** A recall stays open until everybody who has the medicine knows, or was sought in vain. */
export const recallLifecycle = defineLifecycle<RecallStatus, Recall>({
  name: 'recall',
  initial: 'OPEN',
  table: { OPEN: { close: to('CLOSED', { by: keepers }) }, CLOSED: {} },
})

export const recallNoticeLifecycle = defineLifecycle<NoticeStatus, RecallNotice>({
  name: 'recallNotice',
  initial: 'REQUESTED',
  table: {
    REQUESTED: { acknowledge: to('ACKNOWLEDGED', { by: ['patient', 'caregiver', ...callers] }), giveUp: to('UNREACHABLE', { by: callers }) },
    UNREACHABLE: { acknowledge: to('ACKNOWLEDGED', { by: ['patient', 'caregiver', ...callers] }) },
    ACKNOWLEDGED: {},
  },
  announce(em, actor, notice, { to: next }) {
    const { id: noticeId, recallId, patientId } = notice
    if (next === 'REQUESTED') emit(em, actor, 'inventory.recall-notice-requested.v1', recallId, { noticeId, recallId, patientId })
    else {
      notice.answeredAt = clock.now()
      emit(em, actor, 'inventory.recall-notice-answered.v1', recallId, { noticeId, recallId, patientId, status: next })
    }
  },
})
