import { type EntityManager } from '@pharmagraph/platform'
import { Dispute, Refund, type Payment } from '../entities/payment.ts'

/** What of the capture may still be refunded, minor units: neither given back, nor promised, nor taken back by the card's bank. */
export async function refundable(em: EntityManager, payment: Payment): Promise<number> {
  const refunds = await em.find(Refund, { orderId: payment.orderId, status: { $ne: 'FAILED' } })
  const total = (of: { amountMinor: number }[]): number => of.reduce((sum, { amountMinor }) => sum + amountMinor, 0)
  // a refund just made is in our rows before it is in the provider's total, one made in their dashboard never is in our rows
  const promised = Math.max(payment.refundedMinor + total(refunds.filter(({ status }) => status === 'REQUESTED')), total(refunds))
  const disputed = total(await em.find(Dispute, { orderId: payment.orderId, status: { $ne: 'WON' } }))
  return Math.max(0, payment.capturedMinor - promised - disputed)
}
