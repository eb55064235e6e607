import type { EntityManager } from '@pharmagraph/platform'
import { Dispute, type Payment } from '../entities/payment.ts'
import type { DisputeNews } from '../payments/port.ts'
import { postMovement } from './post-movement.ts'

/** Follows a chargeback. Its end may be told before its beginning, and either twice; an end is never taken back. */
export async function recordDispute(em: EntityManager, payment: Payment, news: DisputeNews): Promise<void> {
  const { id, status, amountMinor, currency, reasonCode, openedAt, at } = news
  const known = await em.findOne(Dispute, { id })
  const dispute = known ?? em.create(Dispute, {
    id, orderId: payment.orderId, status: 'OPEN', amountMinor, currency, reasonCode, openedAt: new Date(openedAt), closedAt: null,
  })
  if (!known) postMovement(em, payment, 'DISPUTED', 'DISPUTED', 'PROVIDER_BALANCE', amountMinor)
  if (dispute.status !== 'OPEN' || status === 'OPEN') return
  Object.assign(dispute, { status, closedAt: new Date(at) })
  if (status === 'WON') postMovement(em, payment, 'DISPUTE_WON', 'PROVIDER_BALANCE', 'DISPUTED', dispute.amountMinor)
  else postMovement(em, payment, 'DISPUTE_LOST', 'SALES', 'DISPUTED', dispute.amountMinor)
}
