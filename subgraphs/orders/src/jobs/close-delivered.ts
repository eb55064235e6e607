import { apply, clock, type Job } from '@pharmagraph/platform'
import { orderLifecycle } from '../lifecycles/order.ts'
import { timeouts } from '../policies/timeouts.ts'
import { lockDue } from '../reads/due-orders.ts'

/** A delivered order is closed when the time for complaints is over. */
export const closeDelivered: Job = {
  name: 'close-delivered',
  everyMs: 60_000,
  async run(em, actor) {
    const due = await lockDue(em, `status = 'DELIVERED' and status_since < ?`, [new Date(clock.now().getTime() - timeouts.closing)])
    for (const order of due) apply(em, actor, orderLifecycle, order, 'close')
  },
}
