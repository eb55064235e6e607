import { defineLifecycle, emit, to } from '@pharmagraph/platform'
import type { WorkItem, WorkItemState } from '../entities/work-item.ts'

const workers = ['technician', 'pharmacist', 'pharmacist-in-charge'] as const
const claim = to<WorkItemState, WorkItem>('CLAIMED', { by: workers })
const withdraw = to<WorkItemState, WorkItem>('WITHDRAWN', { by: [...workers, 'prescriber', 'system'] })
const escalate = to<WorkItemState, WorkItem>('ESCALATED', { by: ['system'] })

export const workItemLifecycle = defineLifecycle<WorkItemState, WorkItem>({
  name: 'work item',
  initial: 'AVAILABLE',
  table: {
    AVAILABLE: { claim, escalate, withdraw },
    CLAIMED: {
      // by somebody else, once the lease has run out
      claim,
      release: to('AVAILABLE', { by: workers }),
      complete: to('DONE', { by: workers }),
      expireLease: to('AVAILABLE', { by: ['system'] }),
      escalate,
      withdraw,
    },
    ESCALATED: { claim, withdraw },
    DONE: {},
    WITHDRAWN: {},
  },
  announce: (em, actor, item) =>
    emit(em, actor, 'prescriptions.work-item-changed.v1', item.id, {
      workItemId: item.id, queue: item.queue, state: item.status, prescriptionId: item.prescriptionId ?? null, fillId: item.fillId ?? null,
      priority: item.priority, claimedBy: item.claimedBy ?? null, attempt: item.attempt,
    }),
})
