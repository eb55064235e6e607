import { clock, type Actor, type EntityManager } from '@pharmagraph/platform'
import { StripeEvent } from '../entities/stripe-event.ts'
import type { IntentNews, ProviderEvent } from '../payments/port.ts'
import { lockOrder } from '../reads/locked-order.ts'
import { recordDispute } from './record-dispute.ts'
import { recordIntent } from './record-intent.ts'
import { recordRefundState } from './record-refund-state.ts'

/** Takes a verified webhook: its row and its effect are one transaction, and a repeat finds the row. */
export async function receiveStripeEvent(em: EntityManager, actor: Actor, event: ProviderEvent): Promise<void> {
  const fresh = await em.execute<unknown[]>(
    `insert into stripe_event (id, type, state, news, received_at) values (?, ?, 'PARKED', ?, ?) on conflict do nothing returning id`,
    [event.id, event.type, event.news ? JSON.stringify(event.news) : null, clock.now()],
  )
  if (fresh.length === 0) return
  const row = await em.findOneOrFail(StripeEvent, { id: event.id })
  if (event.news) await applyStripeNews(em, actor, row, event.news)
  else row.state = 'IGNORED'
}

/** Gives the news to the payment it is about; stays parked while we know of none. */
export async function applyStripeNews(em: EntityManager, actor: Actor, row: StripeEvent, news: IntentNews): Promise<void> {
  const orderId = (await orderOfIntent(em, news.id)) ?? news.orderId
  const found = orderId ? await lockOrder(em, orderId) : undefined
  if (!found) return
  if (news.refund) await recordRefundState(em, actor, found.order.id, news.refund.key, news.refund.state)
  if (news.dispute) await recordDispute(em, found.payment, news.dispute)
  else await recordIntent(em, actor, found.order, found.payment, news, false)
  row.state = 'APPLIED'
}

/** By id only, so that the payment itself is first read under the order's lock. */
async function orderOfIntent(em: EntityManager, intentId: string): Promise<string | undefined> {
  const [row] = await em.execute<{ order_id: string }[]>('select order_id from payment where intent_id = ?', [intentId])
  return row?.order_id
}
