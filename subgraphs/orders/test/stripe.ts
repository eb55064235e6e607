import { after } from 'node:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startStripeSandbox } from '../../../dev/src/sandboxes/stripe/server.ts'
import { testSubgraph } from '../../../tests/environment.ts'
import type { PaymentPort } from '../src/payments/port.ts'
import { stripePayments } from '../src/payments/stripe.ts'
import { ordersWith, vault } from './pharmacy.ts'

export const webhookSecret = 'whsec_test'

/** Orders as a process of its own broker, with the real payment adapter against the sandbox, which calls its webhook. */
export async function ordersWithStripe() {
  let payments: PaymentPort
  const subgraph = await testSubgraph({ ...ordersWith(undefined!), services: () => ({ get payments() { return payments }, vault }) }, { background: true })
  const dataDir = await mkdtemp(join(tmpdir(), 'orders-stripe-'))
  const sandbox = await startStripeSandbox({ dataDir, webhookSecret, publicUrl: new URL(subgraph.url).origin, backoff: { firstMs: 50, maxMs: 500 } })
  payments = stripePayments({ apiKey: 'sk_test_local', webhookSecret, apiBase: sandbox.url, returnUrl: 'http://127.0.0.1/paid' })
  after(async () => {
    await sandbox.close()
    await rm(dataDir, { recursive: true, force: true })
  })
  return { subgraph, sandbox, payments }
}
