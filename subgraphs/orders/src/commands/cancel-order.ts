import { apply, hasRole, invalid, isId, isStaff, newId, notFound, type Actor, type EntityManager } from '@pharmagraph/platform'
import { access } from '../access.ts'
import { Fulfilment } from '../entities/fulfilment.ts'
import type { Order } from '../entities/order.ts'
import { Refund } from '../entities/payment.ts'
import { fulfilmentLifecycle, isAhead } from '../lifecycles/fulfilment.ts'
import { isFilling, orderLifecycle } from '../lifecycles/order.ts'
import { scopesFor } from '../reads/delegations.ts'
import { lockOrder } from '../reads/locked-order.ts'
import { linesIn, partsOf } from '../reads/parts.ts'
import { refundable } from '../reads/refundable.ts'
import type { Services } from '../services.ts'
import { endOrder } from './end-order.ts'
import { leaveOut } from './leave-out.ts'

/**
 * Cancels an order: before the capture everything is undone, after it (and before the parcel leaves) the money goes back. Of
 * an order that is released in part, the rest is left out.
 */
export async function cancelOrder(
  em: EntityManager, actor: Actor, { vault }: Pick<Services, 'vault'>, input: { orderId: string; reason?: string | null | undefined },
): Promise<Order> {
  const found = isId(input.orderId) ? await lockOrder(em, input.orderId) : undefined
  if (!found) throw notFound('order')
  const { order, payment } = found
  access.must(actor, 'order:cancel', { patientId: order.patientId, delegated: await scopesFor(em, actor, order.patientId) })
  if (input.reason && input.reason.length > 500) throw invalid('reason', 'a reason has at most 500 characters')

  const reasonCode = isStaff(actor) ? 'STAFF_DECIDED' : hasRole(actor, 'caregiver') ? 'CAREGIVER_ASKED' : 'PATIENT_ASKED'
  if (order.status === 'PAYMENT_CAPTURED') {
    apply(em, actor, orderLifecycle, order, 'cancel', { reason: reasonCode })
    order.reasonCode = 'CANCELLED_AFTER_PAYMENT'
    em.create(Refund, {
      id: newId(), orderId: order.id, idempotencyKey: 'cancel', amountMinor: await refundable(em, payment), currency: order.currency,
      status: 'REQUESTED', requestedBy: actor.subject,
    })
    for (const part of await em.find(Fulfilment, { orderId: order.id, status: 'PAID' })) apply(em, actor, fulfilmentLifecycle, part, 'drop', { reason: reasonCode })
  } else if (isFilling(order.status) && order.releasedParts > 0) {
    apply(em, actor, orderLifecycle, order, 'cancelRest', { reason: reasonCode })
    const parts = await partsOf(em, order)
    const rest = parts.fulfilments.filter(({ status }) => isAhead(status)).flatMap((part) => linesIn(parts, part)).filter(({ status }) => status !== 'RELEASED')
    await leaveOut(em, actor, order, payment, rest, { code: reasonCode }, { verb: 'cancel', code: reasonCode })
  } else await endOrder(em, actor, order, 'cancel', reasonCode)
  if (input.reason) order.noteSealed = await vault.seal(em, order.patientId, input.reason)
  return order
}
