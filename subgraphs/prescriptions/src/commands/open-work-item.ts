import { begin, clock, newId, type Actor, type EntityManager } from '@pharmagraph/platform'
import { Prescription } from '../entities/prescription.ts'
import { openItemStates, priorities, WorkItem, type QueueName } from '../entities/work-item.ts'
import { workItemLifecycle } from '../lifecycles/work-item.ts'
import { skillsFor } from '../work-skills.ts'

const hourMs = 3_600_000
/** When an item is overdue and escalates. */
const dueAfterMs: Record<QueueName, number> = { DATA_ENTRY: 8 * hourMs, VERIFICATION: 24 * hourMs, FILL: 12 * hourMs, PRODUCT_CHECK: 8 * hourMs }

export type NewWorkItem = { queue: QueueName; prescriptionId: string; fillId?: string; priority?: number; excluded?: readonly (string | null | undefined)[] }

/** Puts work into a queue, unless it waits there already. `excluded` did the step before. */
export async function openWorkItem(em: EntityManager, actor: Actor, { queue, prescriptionId, fillId, priority, excluded = [] }: NewWorkItem): Promise<WorkItem> {
  const waiting = await em.findOne(WorkItem, { queue, prescriptionId, fillId: fillId ?? null, status: { $in: [...openItemStates] } })
  if (waiting) return waiting
  const item = em.create(WorkItem, {
    id: newId(), queue, status: 'AVAILABLE', priority: priority ?? priorities.routine, prescriptionId, fillId: fillId ?? null,
    createdAt: clock.now(), dueAt: new Date(clock.now().getTime() + dueAfterMs[queue]),
    token: 0, attempt: 0, excluded: [...new Set(excluded.filter((subject) => !!subject))] as string[],
    skills: skillsFor(queue, await em.findOneOrFail(Prescription, { id: prescriptionId })),
  })
  begin(em, actor, workItemLifecycle, item, 'open')
  return item
}
