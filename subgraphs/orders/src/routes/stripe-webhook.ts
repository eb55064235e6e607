import { systemActor, type Route } from '@pharmagraph/platform'
import { keepMethod } from '../commands/save-payment-method.ts'
import { receiveStripeEvent } from '../commands/receive-stripe-event.ts'
import type { Services } from '../services.ts'

/** Stripe's webhooks: signature over the raw bytes, one transaction, 2xx. What takes long is left to consumers. */
export const stripeWebhook: Route<Services> = {
  method: 'POST',
  path: '/webhooks/stripe',
  async run({ body, headers, services, transact }) {
    const signature = headers['stripe-signature']
    const event = services.payments.readEvent(body, Array.isArray(signature) ? signature[0] : signature)
    const { saved } = event
    const method = saved && (await services.payments.describeMethod(saved.paymentMethodId))
    await transact(async (em) => {
      await receiveStripeEvent(em, systemActor('stripe'), event)
      if (saved && method) await keepMethod(em, saved.customerId, method)
    })
    return { status: 200, body: { received: true } }
  },
}
