import { apply, type Actor, type EntityManager } from '@pharmagraph/platform'
import { Refund, type RefundStatus } from '../entities/payment.ts'
import { Return } from '../entities/return.ts'
import { refundLifecycle } from '../lifecycles/refund.ts'
import { returnLifecycle } from '../lifecycles/return.ts'

type Details = Partial<Pick<Refund, 'providerId' | 'failureCode'>>

/** Moves one refund on; what comes late or twice changes nothing. A refund made elsewhere has no row here. */
export async function recordRefundState(em: EntityManager, actor: Actor, orderId: string, key: string, next: Exclude<RefundStatus, 'REQUESTED'>, details: Details = {}): Promise<void> {
  const refund = await em.findOne(Refund, { orderId, idempotencyKey: key })
  if (!refund) return
  Object.assign(refund, details)
  const verb = Object.entries(refundLifecycle.table[refund.status]).find(([, step]) => step.next === next)?.[0]
  if (!verb) return
  apply(em, actor, refundLifecycle, refund, verb)
  const [, returnId] = key.match(/^return:(.+)$/) ?? []
  const goods = returnId && next === 'SUCCEEDED' ? await em.findOne(Return, { id: returnId, status: 'APPROVED' }) : null
  if (goods) apply(em, actor, returnLifecycle, goods, 'settle')
}
