import { clock, createLogger, type Job } from '@pharmagraph/platform'
import { timeouts } from '../policies/timeouts.ts'
import { stuckOrders } from '../telemetry.ts'

/** Steps a machine takes; those that wait for a patient, a pharmacist or a driver take as long as they take. */
const machineSteps = ['CHECKOUT_STARTED', 'RX_CHECKED', 'PAYMENT_AUTHORIZED', 'RELEASED', 'REFUND_PENDING']

/** Counts orders that rest in a step nobody has to take, names them in the log, and leaves it to people to find out why. */
export const findStuckOrders: Job = {
  name: 'find-stuck-orders',
  everyMs: 60_000,
  async run(em) {
    const rows = await em.execute<{ status: string; n: number; ids: string[] }[]>(
      `select status, count(*)::int as n, (array_agg(id order by status_since))[1:10] as ids
       from customer_order where status = any(?) and status_since < ? group by status`,
      [`{${machineSteps.join(',')}}`, new Date(clock.now().getTime() - timeouts.stuckStep)],
    )
    for (const status of machineSteps) stuckOrders.set({ status }, rows.find((row) => row.status === status)?.n ?? 0)
    const logger = rows.length ? createLogger('orders') : undefined
    for (const { status, n, ids } of rows) logger?.error({ status, orders: n, oldest: ids }, 'orders are stuck')
  },
}
