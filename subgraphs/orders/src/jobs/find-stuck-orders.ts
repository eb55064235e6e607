import { clock, createLogger, type Job } from '@pharmagraph/platform'
import { stuckRows } from '../policies/stuck.ts'
import { stuckOrders } from '../telemetry.ts'

/** Counts orders that rest too long in a step, and automatic refills whose day went by, and names them in the log; the staff sees them in `stuckOrders` and has them go on. */
export const findStuckOrders: Job = {
  name: 'find-stuck-orders',
  everyMs: 60_000,
  async run(em) {
    const now = clock.now().getTime()
    const logger = createLogger('orders')
    for (const [status, { after, waitsFor }] of Object.entries(stuckRows)) {
      const [row] = await em.execute<{ n: number; ids: string[] | null }[]>(
        'select count(*)::int as n, (array_agg(id order by status_since))[1:10] as ids from customer_order where status = ? and status_since < ?', [status, new Date(now - after)])
      stuckOrders.set({ status }, row?.n ?? 0)
      if (row?.n) logger.error({ status, orders: row.n, oldest: row.ids, waitsFor }, 'orders are stuck')
    }
    const [late] = await em.execute<{ n: number; ids: string[] | null }[]>(
      `select count(*)::int as n, (array_agg(id order by order_on))[1:10] as ids from auto_refill where status = 'SCHEDULED' and order_on < ?`, [clock.today()])
    stuckOrders.set({ status: 'AUTO_REFILL_SCHEDULED' }, late?.n ?? 0)
    if (late?.n) logger.error({ autoRefills: late.n, oldest: late.ids }, 'automatic refills were not ordered on their day')
  },
}
