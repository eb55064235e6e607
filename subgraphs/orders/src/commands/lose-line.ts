import { apply, newId, type Actor, type EntityManager, type EventMap } from '@pharmagraph/platform'
import type { Order, OrderLine } from '../entities/order.ts'
import { Refund, type Payment } from '../entities/payment.ts'
import { permits } from '../lifecycles/order.ts'
import { orderLineLifecycle } from '../lifecycles/order-line.ts'
import { isLost } from '../reads/amount-due.ts'
import { linesOf, orderOfEvent } from '../reads/locked-order.ts'
import { askProvider } from './ask-provider.ts'
import { endOrder } from './end-order.ts'

const reasonCode = 'STOCK_RECALLED'

/**
 * A recall took the goods of a line and nothing can stand in. An over-the-counter line is left out: it is neither sent nor
 * charged. A prescription is not sent in part, and an order of nothing else is not sent at all: it is rejected.
 */
export async function loseLine(em: EntityManager, actor: Actor, { orderId, orderLineId }: EventMap['inventory.hold-lost.v1']): Promise<void> {
  const { order, payment } = await orderOfEvent(em, orderId)
  const lines = await linesOf(em, order)
  const line = lines.find(({ id }) => id === orderLineId)
  if (!line || line.reasonCode === reasonCode) return
  if (!permits(order, 'reject')) return refundLine(em, actor, order, payment, line)
  if (!('block' in orderLineLifecycle.table[line.status])) return
  apply(em, actor, orderLineLifecycle, line, 'block', { reason: reasonCode })
  line.reasonCode = reasonCode
  if (line.prescriptionId || lines.every(isLost)) await endOrder(em, actor, order, 'reject', reasonCode)
}

/**
 * The recall came just after the release. The capture's amount stands by then, so the line's share goes back. What a
 * pharmacist scanned left the shelf all the same, and its parcel is stopped.
 */
function refundLine(em: EntityManager, actor: Actor, order: Order, payment: Payment, line: OrderLine): void {
  if (line.status !== 'RELEASED' || line.prescriptionId) return
  line.reasonCode = reasonCode
  em.create(Refund, {
    id: newId(), orderId: order.id, idempotencyKey: `line:${line.id}`, amountMinor: line.lineTotalMinor + line.taxMinor, currency: order.currency,
    status: 'REQUESTED', requestedBy: actor.subject,
  })
  askProvider(em, actor, payment)
}
