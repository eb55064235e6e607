import { LockMode } from '@mikro-orm/postgresql'
import { apply, clock, invalid, isId, notFound, problem, type Actor, type EntityManager } from '@pharmagraph/platform'
import { access } from '../access.ts'
import { WorkItem, type QueueName } from '../entities/work-item.ts'
import { workItemLifecycle } from '../lifecycles/work-item.ts'

export type Held = { workItemId: string; token: number }

/**
 * The item the actor holds under a living lease, locked for this transaction. The token fences off a worker who lost
 * the lease without noticing: their writes come too late and are refused with LEASE_LOST.
 */
export async function heldWorkItem(em: EntityManager, actor: Actor, { workItemId, token }: Held, ...queues: readonly QueueName[]): Promise<WorkItem> {
  access.must(actor, 'work-item:hold', undefined)
  const item = isId(workItemId) ? await em.findOne(WorkItem, { id: workItemId }, { lockMode: LockMode.PESSIMISTIC_WRITE }) : null
  if (!item) throw notFound('work item')
  access.must(actor, 'work-item:claim', item.queue)
  const mine = item.claimedBy === actor.subject && item.token === token
  if (queues.length && mine && item.status === 'DONE') throw problem('TransitionRefused', 'ALREADY_DONE', 'you have finished this item', { allowed: [] })
  if (!mine || item.status !== 'CLAIMED' || !item.leaseUntil || item.leaseUntil <= clock.now()) {
    throw problem('LeaseLost', 'LEASE_LOST', 'the lease on this item has ended: claim the next one')
  }
  if (queues.length && !queues.includes(item.queue)) throw invalid('workItemId', `this is an item of the queue ${item.queue}`)
  return item
}

export function completeWorkItem(em: EntityManager, actor: Actor, item: WorkItem): void {
  item.leaseUntil = null
  apply(em, actor, workItemLifecycle, item, 'complete')
}
