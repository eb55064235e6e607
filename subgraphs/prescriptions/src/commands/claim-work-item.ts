import { LockMode } from '@mikro-orm/postgresql'
import { AppError, apply, checkEvent, clock, hasRole, isId, newId, notFound, requestContext, roleOf, type Actor, type EntityManager } from '@pharmagraph/platform'
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

const eventType = 'prescriptions.work-item-changed.v1'

/**
 * Takes the head of a queue, first in first out within its priority; null when nothing waits. Many workers ask at once: a
 * row one of them is taking is skipped by the others. Who holds an item of the queue already gets that one: one open claim
 * per queue. The hot path of the queues, so it is one call (`claim_work_item`, src/entities/sql.ts) in a transaction of its
 * own; `beginWork` follows in the next, and runs again where the claim is repeated.
 */
export async function claimNextWorkItem(em: EntityManager, actor: Actor, { queue }: { queue: QueueName }): Promise<WorkItem | null> {
  access.must(actor, 'work-item:claim', queue)
  const { correlationId, causationId = null, traceparent = null } = requestContext()
  const [row] = await em.execute<({ told: unknown } & Record<string, unknown>)[]>('select (item).*, told from claim_work_item(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)', [
    queue, actor.subject, roleOf(actor), hasRole(actor, 'pharmacist-in-charge'), maxAttempts, clock.now(), leaseEnd(), newId(), eventType, correlationId, causationId, traceparent,
  ])
  if (!row) return null
  const { told, ...columns } = row
  if (told) checkEvent(eventType, told)
  return em.map(WorkItem, columns)
}

/** Takes one named item out of turn. */
export async function claimWorkItem(em: EntityManager, actor: Actor, services: Services, { workItemId }: { workItemId: string }): Promise<WorkItem> {
  access.must(actor, 'work-item:pick', undefined)
  const named = isId(workItemId) ? await em.findOne(WorkItem, { id: workItemId }) : null
  if (!named) throw notFound('work item')
  access.must(actor, 'work-item:claim', named.queue)
  await em.execute('select pg_advisory_xact_lock(hashtext(?))', [`claim:${named.queue}:${actor.subject}`])
  const own = await em.findOne(WorkItem, { queue: named.queue, claimedBy: actor.subject, status: 'CLAIMED' }, { lockMode: LockMode.PESSIMISTIC_WRITE })
  if (own && own.id !== workItemId) throw new AppError('TRANSITION_REFUSED', 'you hold another item of this queue: finish it or put it back first')
  await em.refresh(named, { lockMode: LockMode.PESSIMISTIC_WRITE })
  if (named.excluded.includes(actor.subject)) throw separationOfDuties('you did the step before this one')
  if (named.status === 'CLAIMED' && named.claimedBy !== actor.subject && named.leaseUntil && named.leaseUntil > clock.now()) {
    throw new AppError('TRANSITION_REFUSED', 'somebody holds this item')
  }
  const living = named.status === 'CLAIMED' && named.claimedBy === actor.subject && named.leaseUntil && named.leaseUntil > clock.now()
  named.leaseUntil = leaseEnd()
  if (!living) {
    Object.assign(named, { claimedBy: actor.subject, claimedByRole: roleOf(actor), token: named.token + 1, attempt: named.attempt + 1 })
    apply(em, actor, workItemLifecycle, named, 'claim')
  }
  await beginWork(em, actor, services, named)
  return named
}

/** What picking an item up starts: the fill is in hand; the review looks at the patient's drugs as they are now. Harmless when run again. */
export async function beginWork(em: EntityManager, actor: Actor, services: Services, { queue, prescriptionId, fillId }: WorkItem): Promise<void> {
  if (queue === 'FILL' && fillId) {
    const fill = await em.findOneOrFail(Fill, { id: fillId })
    if (fill.status === 'RESERVED') apply(em, actor, fillLifecycle, fill, 'startFilling')
  }
  if (queue === 'VERIFICATION' && prescriptionId) {
    await screenPrescription(em, services, await em.findOneOrFail(Prescription, { id: prescriptionId }, { lockMode: LockMode.PESSIMISTIC_WRITE }))
  }
}
