import type { Route } from '@pharmagraph/platform'
import { Gauge, Registry } from 'prom-client'

const registry = new Registry()
registry.setDefaultLabels({ service: 'orders' })

export const stuckOrders = new Gauge({
  name: 'orders_stuck', help: 'Orders that rest too long in a step no person has to take', labelNames: ['status'], registers: [registry],
})

/** What the saga measures of itself, beside the process's own /metrics. */
export const sagaMetrics: Route<unknown> = {
  method: 'GET',
  path: '/metrics/saga',
  run: async () => ({ status: 200, body: await registry.metrics(), contentType: registry.contentType }),
}
