import { apply, hasRole, invalid, isId, newId, notFound, type Actor, type EntityManager } from '@pharmagraph/platform'
import { access } from '../access.ts'
import type { Order } from '../entities/order.ts'
import { Refund } from '../entities/payment.ts'
import { orderLifecycle } from '../lifecycles/order.ts'
import { lockOrder } from '../reads/locked-order.ts'
import { refundable } from '../reads/refundable.ts'
import type { Services } from '../services.ts'
import { endOrder } from './end-order.ts'

/** Cancels an order: before the capture everything is undone, after it (and before the parcel leaves) the money goes back. */
export async function cancelOrder(
  em: EntityManager, actor: Actor, { vault }: Pick<Services, 'vault'>, input: { orderId: string; reason?: string | null | undefined },
): Promise<Order> {
  const found = isId(input.orderId) ? await lockOrder(em, input.orderId) : undefined
  if (!found) throw notFound('order')
  const { order, payment } = found
  access.must(actor, 'order:cancel', order)
  if (input.reason && input.reason.length > 500) throw invalid('reason', 'a reason has at most 500 characters')

  const reasonCode = hasRole(actor, 'patient') ? 'PATIENT_ASKED' : 'STAFF_DECIDED'
  if (order.status === 'PAYMENT_CAPTURED') {
    apply(em, actor, orderLifecycle, order, 'cancel', { reason: reasonCode })
    order.reasonCode = 'CANCELLED_AFTER_PAYMENT'
    em.create(Refund, {
      id: newId(), orderId: order.id, idempotencyKey: 'cancel', amountMinor: await refundable(em, payment), currency: order.currency,
      status: 'REQUESTED', requestedBy: actor.subject,
    })
  } else await endOrder(em, actor, order, 'cancel', reasonCode)
  if (input.reason) order.noteSealed = await vault.seal(em, order.patientId, input.reason)
  return order
}
