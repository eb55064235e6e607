import { systemActor, type Route } from '@pharmagraph/platform'
import { receiveStripeEvent } from '../commands/receive-stripe-event.ts'
import type { Services } from '../services.ts'

/** Stripe's webhooks: signature over the raw bytes, one transaction, 2xx. What takes long is left to consumers. */
export const stripeWebhook: Route<Services> = {
  method: 'POST',
  path: '/webhooks/stripe',
  async run({ body, headers, services, transact }) {
    const signature = headers['stripe-signature']
    const event = services.payments.readEvent(body, Array.isArray(signature) ? signature[0] : signature)
    await transact((em) => receiveStripeEvent(em, systemActor('stripe'), event))
    return { status: 200, body: { received: true } }
  },
}
