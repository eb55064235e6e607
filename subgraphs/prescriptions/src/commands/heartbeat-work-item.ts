import type { Actor, EntityManager } from '@pharmagraph/platform'
import type { WorkItem } from '../entities/work-item.ts'
import { leaseEnd } from './claim-work-item.ts'
import { heldWorkItem, type Held } from './held-work-item.ts'

/** Extends a living lease. */
export async function heartbeatWorkItem(em: EntityManager, actor: Actor, input: Held): Promise<WorkItem> {
  const item = await heldWorkItem(em, actor, input)
  item.leaseUntil = leaseEnd()
  return item
}
