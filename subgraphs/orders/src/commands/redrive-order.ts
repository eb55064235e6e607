import { AppError, emit, invalid, isId, notFound, type Actor, type EntityManager } from '@pharmagraph/platform'
import { access } from '../access.ts'
import type { Order } from '../entities/order.ts'
import type { Payment } from '../entities/payment.ts'
import { lockOrder } from '../reads/locked-order.ts'
import { linesIn, partsOf, type Parts } from '../reads/parts.ts'
import { stuckBy } from '../reads/stuck-orders.ts'
import { askProvider } from './ask-provider.ts'
import { tellPlaced } from './place-order.ts'
import { tellPaid } from './follow-payment.ts'
import { tellReady } from './prepare-fulfilments.ts'
import { requestStock } from './request-stock.ts'

type Ask = (em: EntityManager, actor: Actor, order: Order, payment: Payment, parts: Parts) => void

/** How the event of a stuck step is told again. Everybody who hears it answers a repeat with what they did the first time. */
const asks: Record<string, Ask> = {
  'orders.order-placed.v1': (em, actor, order, _payment, { lines }) => tellPlaced(em, actor, order, lines),
  'orders.stock-requested.v1': (em, actor, order, _payment, { lines }) => requestStock(em, actor, order, lines.filter(({ status }) => status === 'ACCEPTED')),
  'orders.payment-requested.v1': (em, actor, _order, payment) => {
    payment.doubts += 1
    askProvider(em, actor, payment)
  },
  'orders.order-ready-to-fill.v1': (em, actor, order, _payment, { lines }) => tellReady(em, actor, order, lines.filter(({ prescriptionId, status }) => prescriptionId && status === 'HELD')),
  'orders.order-paid.v1': (em, actor, order, _payment, parts) => {
    for (const part of parts.fulfilments) if (part.status === 'PAID') tellPaid(em, actor, order, part, linesIn(parts, part))
  },
}

/** Asks again for the step an order is stuck in; who asked and why is kept. */
export async function redriveOrder(em: EntityManager, actor: Actor, input: { orderId: string; reason: string }): Promise<Order> {
  const found = isId(input.orderId) ? await lockOrder(em, input.orderId) : undefined
  if (!found) throw notFound('order')
  const { order, payment } = found
  access.must(actor, 'order:redrive', order)
  if (input.reason.length < 1 || input.reason.length > 500) throw invalid('reason', 'a reason has 1 to 500 characters')
  const stuck = stuckBy(order)
  if (!stuck) throw new AppError('NOT_STUCK', 'this order does not rest too long in its step', { allowed: [] }, { problem: 'TransitionRefused', http: 409 })
  asks[stuck.asks]!(em, actor, order, payment, await partsOf(em, order))
  emit(em, actor, 'orders.order-redriven.v1', order.id, { orderId: order.id, patientId: order.patientId, status: order.status, step: stuck.asks })
  return order
}
