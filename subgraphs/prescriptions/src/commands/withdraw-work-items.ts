import { apply, systemActor, type EntityManager } from '@pharmagraph/platform'
import { LockMode } from '@mikro-orm/postgresql'
import { openItemStates, WorkItem } from '../entities/work-item.ts'
import { workItemLifecycle } from '../lifecycles/work-item.ts'

/** Takes open work on a prescription or a fill out of the queues: whoever holds it loses the lease. */
export async function withdrawWorkItems(em: EntityManager, subject: { prescriptionId: string } | { fillId: string }, reason: string): Promise<void> {
  const items = await em.find(WorkItem, { ...subject, status: { $in: [...openItemStates] } }, { lockMode: LockMode.PESSIMISTIC_WRITE })
  for (const item of items) apply(em, systemActor('prescriptions'), workItemLifecycle, item, 'withdraw', { reason })
  // an item of a fill is one of its prescription too: the next query must not find it open again
  await em.flush()
}
