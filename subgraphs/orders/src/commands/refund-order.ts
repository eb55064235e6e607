import { apply, invalid, isId, newId, notFound, type Actor, type EntityManager } from '@pharmagraph/platform'
import { access } from '../access.ts'
import type { Order } from '../entities/order.ts'
import { Refund } from '../entities/payment.ts'
import { orderLifecycle } from '../lifecycles/order.ts'
import { lockOrder } from '../reads/locked-order.ts'
import { refundable } from '../reads/refundable.ts'
import type { Services } from '../services.ts'
import { askProvider } from './ask-provider.ts'

type Input = { orderId: string; amountMinor: number; reason: string; idempotencyKey: string }

/** Promises a refund, in one transaction with the check that all refunds together stay within the capture. */
export async function refundOrder(em: EntityManager, actor: Actor, { vault }: Pick<Services, 'vault'>, input: Input): Promise<Order> {
  const found = isId(input.orderId) ? await lockOrder(em, input.orderId) : undefined
  if (!found) throw notFound('order')
  const { order, payment } = found
  access.must(actor, 'order:refund', order)
  if (input.amountMinor < 1) throw invalid('amountMinor', 'a refund is more than zero')
  if (input.reason.length < 1 || input.reason.length > 500) throw invalid('reason', 'a reason has 1 to 500 characters')
  if (input.idempotencyKey.length < 1 || input.idempotencyKey.length > 200) throw invalid('idempotencyKey', 'a key has 1 to 200 characters')

  const key = `staff:${input.idempotencyKey}`
  const earlier = await em.findOne(Refund, { orderId: order.id, idempotencyKey: key })
  if (earlier && earlier.amountMinor !== input.amountMinor) throw invalid('idempotencyKey', 'this key was used for another refund')
  if (earlier) return order

  const left = await refundable(em, payment)
  const verb = input.amountMinor === left ? 'refund' : 'refundPart'
  apply(em, actor, orderLifecycle, order, verb, { reason: 'STAFF_REFUNDED' })
  if (input.amountMinor > left) throw invalid('amountMinor', `at most ${left} minor units are left to refund`)
  em.create(Refund, {
    id: newId(), orderId: order.id, idempotencyKey: key, amountMinor: input.amountMinor, currency: order.currency, status: 'REQUESTED',
    requestedBy: actor.subject, reasonSealed: await vault.seal(em, order.patientId, input.reason),
  })
  askProvider(em, actor, payment)
  return order
}
