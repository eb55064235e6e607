import { clock, type Job } from '@pharmagraph/platform'
import { applyStripeNews } from '../commands/receive-stripe-event.ts'
import { StripeEvent } from '../entities/stripe-event.ts'
import { timeouts } from '../policies/timeouts.ts'

/** Webhooks about an intent we did not know yet; after Stripe's own time of repeating they are taken to be somebody else's. */
export const retryParkedWebhooks: Job = {
  name: 'retry-parked-webhooks',
  everyMs: 10_000,
  async run(em, actor) {
    const givenUpBefore = new Date(clock.now().getTime() - timeouts.parkedWebhook)
    for (const event of await em.find(StripeEvent, { state: 'PARKED' }, { orderBy: { receivedAt: 'asc' }, limit: 100 })) {
      if (event.receivedAt < givenUpBefore) event.state = 'IGNORED'
      else if (event.news) await applyStripeNews(em, actor, event, event.news)
    }
  },
}
