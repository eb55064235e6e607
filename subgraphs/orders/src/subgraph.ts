import { resolve } from 'node:path'
import { defineSubgraph, rewrapDataKeys } from '@pharmagraph/platform'
import '@pharmagraph/schema/events'
import { consumers } from './consumers/index.ts'
import { loaders } from './context.ts'
import { entities } from './entities/index.ts'
import { closeDelivered } from './jobs/close-delivered.ts'
import { expireOrders } from './jobs/expire-orders.ts'
import { findStuckOrders } from './jobs/find-stuck-orders.ts'
import { placeAutoRefills } from './jobs/place-auto-refills.ts'
import { reconcilePayments } from './jobs/reconcile-payments.ts'
import { retryParkedWebhooks } from './jobs/retry-parked-webhooks.ts'
import { resolvers } from './resolvers/index.ts'
import { stripeWebhook } from './routes/stripe-webhook.ts'
import { services } from './services.ts'
import { sagaMetrics } from './telemetry.ts'

/** Cart to doorstep: checkout, payment, the saga of an order, refunds. */
export const orders = defineSubgraph({
  name: 'orders',
  folder: resolve(import.meta.dirname, '..'),
  entities,
  resolvers,
  loaders,
  services,
  consumers,
  jobs: [placeAutoRefills, expireOrders, closeDelivered, reconcilePayments, retryParkedWebhooks, findStuckOrders, rewrapDataKeys],
  routes: [stripeWebhook, sagaMetrics],
})
