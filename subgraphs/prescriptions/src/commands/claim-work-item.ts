import { LockMode } from '@mikro-orm/postgresql'
import { AppError, apply, clock, hasRole, isId, notFound, roleOf, type Actor, type EntityManager } from '@pharmagraph/platform'
import { access } from '../access.ts'
import { Fill } from '../entities/fill.ts'
import { Prescription } from '../entities/prescription.ts'
import { WorkItem, type QueueName } from '../entities/work-item.ts'
import { fillLifecycle } from '../lifecycles/fill.ts'
import { workItemLifecycle } from '../lifecycles/work-item.ts'
import { separationOfDuties } from '../refusals.ts'
import type { Services } from '../services.ts'
import { screenPrescription } from './screen-prescription.ts'

const leaseMs = 10 * 60_000
/** After so many claims that ran out, only the pharmacist-in-charge may take the item. */
export const maxAttempts = 3

export const leaseEnd = (): Date => new Date(clock.now().getTime() + leaseMs)

/**
 * Takes the head of a queue, first in first out within its priority. Many workers ask at once: a row one of them is
 * taking is skipped by the others. Who holds an item of the queue already gets that one: one open claim per queue.
 */
export async function claimNextWorkItem(em: EntityManager, actor: Actor, services: Services, { queue }: { queue: QueueName }): Promise<WorkItem | null> {
  access.must(actor, 'work-item:claim', queue)
  await oneClaimAtATime(em, actor, queue)
  const own = await em.findOne(WorkItem, { queue, claimedBy: actor.subject, status: 'CLAIMED' }, { lockMode: LockMode.PESSIMISTIC_WRITE })
  if (own) return claim(em, actor, services, own)

  const inCharge = hasRole(actor, 'pharmacist-in-charge')
  const now = clock.now()
  const [head] = await em.execute<{ id: string }[]>(
    `select id from work_item
     where queue = ? and not (? = any(excluded))
       and (status = 'AVAILABLE' or ((status = 'ESCALATED' or (status = 'CLAIMED' and lease_until <= ?)) and (attempt < ? or ?)))
     order by priority, due_at, created_at, id
     limit 1 for update skip locked`,
    [queue, actor.subject, now, maxAttempts, inCharge],
  )
  return head ? claim(em, actor, services, await em.findOneOrFail(WorkItem, { id: head.id })) : null
}

/** Takes one named item out of turn. */
export async function claimWorkItem(em: EntityManager, actor: Actor, services: Services, { workItemId }: { workItemId: string }): Promise<WorkItem> {
  access.must(actor, 'work-item:pick', undefined)
  const named = isId(workItemId) ? await em.findOne(WorkItem, { id: workItemId }) : null
  if (!named) throw notFound('work item')
  access.must(actor, 'work-item:claim', named.queue)
  await oneClaimAtATime(em, actor, named.queue)
  const own = await em.findOne(WorkItem, { queue: named.queue, claimedBy: actor.subject, status: 'CLAIMED' }, { lockMode: LockMode.PESSIMISTIC_WRITE })
  if (own && own.id !== workItemId) throw new AppError('TRANSITION_REFUSED', 'you hold another item of this queue: finish it or put it back first')
  await em.refresh(named, { lockMode: LockMode.PESSIMISTIC_WRITE })
  if (named.excluded.includes(actor.subject)) throw separationOfDuties('you did the step before this one')
  if (named.status === 'CLAIMED' && named.claimedBy !== actor.subject && named.leaseUntil && named.leaseUntil > clock.now()) {
    throw new AppError('TRANSITION_REFUSED', 'somebody holds this item')
  }
  return claim(em, actor, services, named)
}

/** Two requests of one person must not end with two items. */
const oneClaimAtATime = (em: EntityManager, actor: Actor, queue: QueueName): Promise<unknown> =>
  em.execute('select pg_advisory_xact_lock(hashtext(?))', [`claim:${queue}:${actor.subject}`])

async function claim(em: EntityManager, actor: Actor, services: Services, item: WorkItem): Promise<WorkItem> {
  const living = item.status === 'CLAIMED' && item.claimedBy === actor.subject && item.leaseUntil && item.leaseUntil > clock.now()
  item.leaseUntil = leaseEnd()
  if (living) return item
  item.claimedBy = actor.subject
  item.claimedByRole = roleOf(actor)
  item.token += 1
  item.attempt += 1
  apply(em, actor, workItemLifecycle, item, 'claim')
  await begunWork(em, actor, services, item)
  return item
}

/** What picking the item up starts: the fill is in hand; the review looks at the patient's drugs as they are now. */
async function begunWork(em: EntityManager, actor: Actor, services: Services, { queue, prescriptionId, fillId }: WorkItem): Promise<void> {
  if (queue === 'FILL' && fillId) {
    const fill = await em.findOneOrFail(Fill, { id: fillId })
    if (fill.status === 'RESERVED') apply(em, actor, fillLifecycle, fill, 'startFilling')
  }
  if (queue === 'VERIFICATION' && prescriptionId) {
    await screenPrescription(em, services, await em.findOneOrFail(Prescription, { id: prescriptionId }, { lockMode: LockMode.PESSIMISTIC_WRITE }))
  }
}
