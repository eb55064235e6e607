import { createHmac } from 'node:crypto'
import { html } from '../shared/page.ts'
import { createSandbox, type Sandbox, type SandboxOptions } from '../shared/sandbox.ts'
import { Account } from './account.ts'
import { serveApi } from './api.ts'
import { serveChallenges } from './challenge.ts'
import { serveControl } from './control.ts'
import type { ApiError } from './errors.ts'
import { money } from './money.ts'
import type { PaymentIntent } from './objects.ts'

export interface StripeSandboxOptions extends SandboxOptions {
  /** Signs the webhooks, as the endpoint's `whsec_…` does. */
  webhookSecret: string
}

/** Starts the payments sandbox: Stripe's REST API as far as this pharmacy uses it, and its webhooks. */
export async function startStripeSandbox(options: StripeSandboxOptions): Promise<Sandbox> {
  const sandbox = createSandbox(
    {
      name: 'stripe',
      about: html`Stands in for Stripe: point the real client library here. Money moves nowhere, and no card number is ever taken:
pay with test tokens such as <code>pm_card_visa</code>, <code>pm_card_chargeDeclined</code> or <code>pm_card_authenticationRequired</code>.`,
      details: () => html`<h2>Latest payments</h2>
<table><thead><tr><th>payment</th><th>amount</th><th>received</th><th>status</th><th></th></tr></thead>
<tbody>${[...account.paymentIntents.all()].slice(-20).reverse().map(paymentRow)}</tbody></table>`,
      errorBody: (status, message) => ({ error: { type: status >= 500 ? 'api_error' : 'invalid_request_error', message } satisfies ApiError }),
      headers: ({ body }) => ({
        'stripe-signature': stripeSignature(body, options.webhookSecret),
        'user-agent': 'Stripe/1.0 (+https://stripe.com/docs/webhooks)',
      }),
    },
    options,
  )
  const { app, store, webhooks } = sandbox
  const account = new Account(store, webhooks, options.publicUrl && `${options.publicUrl}/webhooks/stripe`, sandbox.url)
  serveApi(app, store, account)
  serveChallenges(app, store, account)
  serveControl(app, store, account)
  return sandbox.listen()
}

/** The `Stripe-Signature` of a body. `at` is in Unix seconds. https://docs.stripe.com/webhooks#verify-manually */
export function stripeSignature(body: string, secret: string, at = Math.floor(Date.now() / 1000)): string {
  return `t=${at},v1=${createHmac('sha256', secret).update(`${at}.${body}`).digest('hex')}`
}

const paymentRow = (intent: PaymentIntent): unknown => {
  const inApp = intent.next_action?.use_stripe_sdk as { stripe_js?: string } | undefined
  const challenge = intent.next_action?.redirect_to_url?.url ?? inApp?.stripe_js
  return html`<tr><td><code>${intent.id}</code></td><td>${money(intent.amount, intent.currency)}</td>
<td>${money(intent.amount_received, intent.currency)}</td><td>${intent.status}</td>
<td>${challenge ? html`<a href="${challenge}">authenticate</a>` : ''}</td></tr>`
}
