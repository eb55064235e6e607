import { LockMode } from '@mikro-orm/postgresql'
import { apply, clock, type Job } from '@pharmagraph/platform'
import { maxAttempts } from '../commands/claim-work-item.ts'
import { WorkItem } from '../entities/work-item.ts'
import { workItemLifecycle } from '../lifecycles/work-item.ts'

const batch = 200

/** Tells everybody that a lease has run out, and brings what nobody finishes or starts in time before the pharmacist-in-charge. */
export const expireLeases: Job = {
  name: 'expire-leases',
  everyMs: 5_000,
  async run(em, actor) {
    const now = clock.now()
    const options = { limit: batch, lockMode: LockMode.PESSIMISTIC_PARTIAL_WRITE } as const
    for (const item of await em.find(WorkItem, { status: 'CLAIMED', leaseUntil: { $lte: now } }, options)) {
      Object.assign(item, { claimedBy: null, claimedByRole: null, leaseUntil: null })
      if (item.attempt >= maxAttempts) apply(em, actor, workItemLifecycle, item, 'escalate', { reason: 'TOO_MANY_ATTEMPTS' })
      else apply(em, actor, workItemLifecycle, item, 'expireLease', { reason: 'LEASE_EXPIRED' })
    }
    for (const item of await em.find(WorkItem, { status: 'AVAILABLE', dueAt: { $lte: now } }, options)) {
      apply(em, actor, workItemLifecycle, item, 'escalate', { reason: 'OVERDUE' })
    }
  },
}
