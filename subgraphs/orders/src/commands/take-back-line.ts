import { allowedActions, apply, newId, notYet, type Actor, type EntityManager, type EventMap } from '@pharmagraph/platform'
import type { Order, OrderLine } from '../entities/order.ts'
import { Refund, type Payment } from '../entities/payment.ts'
import { fulfilmentLifecycle } from '../lifecycles/fulfilment.ts'
import { awaits, isOff, orderLifecycle, permits } from '../lifecycles/order.ts'
import { orderLineLifecycle } from '../lifecycles/order-line.ts'
import { isUnpaid } from '../lifecycles/payment.ts'
import { isLost, lineDueMinor } from '../reads/amount-due.ts'
import { orderOfEvent } from '../reads/locked-order.ts'
import { linesIn, partsOf, type Parts } from '../reads/parts.ts'
import { refundable } from '../reads/refundable.ts'
import { askProvider } from './ask-provider.ts'
import { leaveOut, tellLeftOut } from './leave-out.ts'

const code = 'RETURNED_TO_STOCK'

/**
 * A pharmacist put a released fill back on the shelf before its parcel left: the line goes no further. What of its money is
 * still on the card is let go, what was captured goes back; an order of which nothing is left ends. Said twice it is done once.
 */
export async function takeBackLine(em: EntityManager, actor: Actor, { orderId, orderLineId }: EventMap['prescriptions.fill-returned.v1']): Promise<void> {
  const { order, payment } = await orderOfEvent(em, orderId)
  const parts = await partsOf(em, order)
  const line = parts.lines.find(({ id }) => id === orderLineId)
  if (line?.status === 'HELD' && awaits(order, 'release')) throw notYet('the release of the fill')
  const part = parts.fulfilments.find(({ id }) => id === line?.fulfilmentId)
  if (line?.status !== 'RELEASED' || !part) return // left out before: its share is undone already
  const isCharged = part.status !== 'HELD' && part.status !== 'RELEASED'
  if (!isCharged && !isOff(order.status)) {
    // a capture on its way has its amount: once it is taken, the line's share of it goes back
    if (part.captureNumber != null && !isUnpaid(payment.status)) throw notYet('the capture')
    return leaveOut(em, actor, order, payment, [line], { code }, { verb: 'takeBack', code })
  }
  const shareMinor = lineDueMinor(line)
  apply(em, actor, orderLineLifecycle, line, 'returnToStock', { reason: code })
  line.reasonCode = code
  if (!isOff(order.status)) await giveBack(em, actor, order, payment, parts, line, shareMinor)
}

async function giveBack(em: EntityManager, actor: Actor, order: Order, payment: Payment, parts: Parts, line: OrderLine, shareMinor: number): Promise<void> {
  const left = await refundable(em, payment)
  const nothingLeft = parts.lines.every(isLost) && permits(order, 'takeBack')
  if (!nothingLeft) tellLeftOut(em, actor, order, line, code)
  for (const part of parts.fulfilments) {
    if ('drop' in fulfilmentLifecycle.table[part.status] && linesIn(parts, part).length === 0) apply(em, actor, fulfilmentLifecycle, part, 'drop', { reason: code })
  }
  const amountMinor = nothingLeft ? left : Math.min(shareMinor, left)
  if (nothingLeft) {
    apply(em, actor, orderLifecycle, order, 'takeBack', { reason: code })
    order.reasonCode = code
  } else if (allowedActions(orderLifecycle, order, actor).includes('refundPart')) apply(em, actor, orderLifecycle, order, 'refundPart', { reason: code })
  if (amountMinor === 0) return
  em.create(Refund, {
    id: newId(), orderId: order.id, idempotencyKey: `line:${line.id}`, amountMinor, currency: order.currency, status: 'REQUESTED', requestedBy: actor.subject,
  })
  askProvider(em, actor, payment)
}
