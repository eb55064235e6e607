import { newId, type Actor, type EntityManager, type EventMap } from '@pharmagraph/platform'
import type { Order, OrderLine } from '../entities/order.ts'
import { Refund, type Payment } from '../entities/payment.ts'
import { permits } from '../lifecycles/order.ts'
import { lineDueMinor } from '../reads/amount-due.ts'
import { linesOf, orderOfEvent } from '../reads/locked-order.ts'
import { askProvider } from './ask-provider.ts'
import { leaveOut } from './leave-out.ts'

const reasonCode = 'STOCK_RECALLED'

/** A recall took the goods of a line and nothing can stand in: it is left out, neither sent nor charged. */
export async function loseLine(em: EntityManager, actor: Actor, { orderId, orderLineId }: EventMap['inventory.hold-lost.v1']): Promise<void> {
  const { order, payment } = await orderOfEvent(em, orderId)
  const line = (await linesOf(em, order)).find(({ id }) => id === orderLineId)
  if (!line || line.reasonCode === reasonCode) return
  if (line.status === 'RELEASED') return refundLine(em, actor, order, payment, line)
  if (permits(order, 'reject')) await leaveOut(em, actor, order, payment, [line], { code: reasonCode }, { verb: 'reject', code: reasonCode })
}

/**
 * The recall came just after the release. The capture's amount stands by then, so the line's share goes back. What a
 * pharmacist scanned left the shelf all the same, and its parcel is stopped.
 */
function refundLine(em: EntityManager, actor: Actor, order: Order, payment: Payment, line: OrderLine): void {
  if (line.prescriptionId) return
  line.reasonCode = reasonCode
  em.create(Refund, {
    id: newId(), orderId: order.id, idempotencyKey: `line:${line.id}`, amountMinor: lineDueMinor(line), currency: order.currency,
    status: 'REQUESTED', requestedBy: actor.subject,
  })
  askProvider(em, actor, payment)
}
