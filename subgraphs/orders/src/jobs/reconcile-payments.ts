import { clock, type Job } from '@pharmagraph/platform'
import { askProvider } from '../commands/ask-provider.ts'
import { Payment } from '../entities/payment.ts'
import { timeouts } from '../policies/timeouts.ts'

/**
 * Payments that wait too long for an answer are asked about: an event or a webhook may have been lost on the way. Each is
 * asked about again only after the same time.
 */
export const reconcilePayments: Job = {
  name: 'reconcile-payments',
  everyMs: 15_000,
  async run(em, actor) {
    const ago = (ms: number): Date => new Date(clock.now().getTime() - ms)
    const due = await em.execute<{ id: string }[]>(
      `select p.id from payment p join customer_order o on o.id = p.order_id
       where greatest(p.status_since, coalesce(p.checked_at, p.status_since)) < case when p.status = 'REQUIRES_ACTION' then ?::timestamptz else ?::timestamptz end
         and (p.status in ('CAPTURING', 'REQUIRES_ACTION') or p.doubts > 0
              or (o.status = 'STOCK_HELD' and exists (select 1 from payment_attempt a where a.payment_id = p.id and a.made_at is null))
              or (o.status = 'RELEASED' and p.status = 'AUTHORIZED')
              or (o.status in ('REJECTED', 'EXPIRED', 'CANCELLED') and p.intent_id is not null and p.status not in ('VOIDED', 'AUTH_EXPIRED', 'REFUNDED'))
              or exists (select 1 from refund r where r.order_id = o.id and r.status in ('REQUESTED', 'PENDING')))
       order by p.status_since limit 100 for update of p skip locked`,
      [ago(timeouts.answerFromPatient), ago(timeouts.answerFromProvider)],
    )
    for (const payment of await em.find(Payment, { id: { $in: due.map(({ id }) => id) } })) {
      payment.doubts += 1
      payment.checkedAt = clock.now()
      askProvider(em, actor, payment)
    }
  },
}
