import { apply, type Actor, type EntityManager } from '@pharmagraph/platform'
import type { WorkItem } from '../entities/work-item.ts'
import { workItemLifecycle } from '../lifecycles/work-item.ts'
import { heldWorkItem, type Held } from './held-work-item.ts'

/** Puts an item back for others; it keeps its place. */
export async function releaseWorkItem(em: EntityManager, actor: Actor, input: Held): Promise<WorkItem> {
  const item = await heldWorkItem(em, actor, input)
  item.claimedBy = null
  item.claimedByRole = null
  item.leaseUntil = null
  apply(em, actor, workItemLifecycle, item, 'release')
  return item
}
