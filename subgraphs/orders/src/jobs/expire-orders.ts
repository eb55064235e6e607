import { clock, type Actor, type EntityManager, type Job } from '@pharmagraph/platform'
import { endOrder } from '../commands/end-order.ts'
import { leaveOutTheRest } from '../commands/follow-later.ts'
import { Payment } from '../entities/payment.ts'
import { permits } from '../lifecycles/order.ts'
import { timeouts } from '../policies/timeouts.ts'
import { lockDue } from '../reads/due-orders.ts'

/** Orders nobody pays for, goods that do not come, and authorisations about to run out: each ends while nothing is captured. */
export const expireOrders: Job = {
  name: 'expire-orders',
  everyMs: 15_000,
  async run(em, actor) {
    const ago = (ms: number): Date => new Date(clock.now().getTime() - ms)
    await expire(em, actor, 'UNPAID', `status = 'STOCK_HELD' and auto_refill_id is null and follows_order_id is null and status_since < ?`, ago(timeouts.unpaid))
    await expire(em, actor, 'UNPAID', `status = 'STOCK_HELD' and (auto_refill_id is not null or follows_order_id is not null) and status_since < ?`, ago(timeouts.unpaidUnattended))
    await expire(em, actor, 'OUT_OF_STOCK', `status = 'BACKORDERED' and created_at < ?`, ago(timeouts.backordered))
    await expire(
      em, actor, 'AUTHORIZATION_LOST',
      `status in ('PAYMENT_AUTHORIZED', 'AWAITING_PHARMACIST') and id in (select order_id from payment where status = 'AUTHORIZED' and capture_before < ?)`,
      ago(-timeouts.beforeAuthorizationEnds),
    )
  },
}

async function expire(em: EntityManager, actor: Actor, reasonCode: string, where: string, limit: Date): Promise<void> {
  for (const order of await lockDue(em, where, [limit])) {
    if (!permits(order, 'expire')) continue
    // what is released is captured at the last moment; what is not, can no longer be
    if (order.releasedParts === 0) await endOrder(em, actor, order, 'expire', reasonCode)
    else await leaveOutTheRest(em, actor, order, await em.findOneOrFail(Payment, { orderId: order.id }))
  }
}
