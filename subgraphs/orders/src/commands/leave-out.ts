import { apply, emit, systemActor, type Actor, type EntityManager } from '@pharmagraph/platform'
import type { Order, OrderLine } from '../entities/order.ts'
import type { Payment } from '../entities/payment.ts'
import { fulfilmentLifecycle } from '../lifecycles/fulfilment.ts'
import { isFilling, permits } from '../lifecycles/order.ts'
import { orderLineLifecycle } from '../lifecycles/order-line.ts'
import { isLost } from '../reads/amount-due.ts'
import { linesIn, partsOf } from '../reads/parts.ts'
import { askForStockOnceChecked } from './accept-line.ts'
import { advanceOrder } from './advance-order.ts'
import { askProvider } from './ask-provider.ts'
import { askAgain } from './backorder.ts'
import { endOrder } from './end-order.ts'
import { releaseOnceChecked } from './prepare-fulfilments.ts'

export type Why = { code: string; message?: string | null; nextOn?: string | null }
/** How the order ends where nothing is left of it. */
type Ending = { verb: 'reject' | 'expire' | 'cancel' | 'takeBack'; code: string }

/** What becomes of a line, by how its order would end; a line that knows no such step is cancelled. */
const lineVerbs: Record<Ending['verb'], string> = { reject: 'block', expire: 'block', cancel: 'cancel', takeBack: 'returnToStock' }

/**
 * Leaves lines out of an order that goes on without them: they are neither sent nor charged, their holds and fills are
 * undone, and each says why. An order of which nothing is left ends.
 */
export async function leaveOut(em: EntityManager, actor: Actor, order: Order, payment: Payment, gone: readonly OrderLine[], why: Why, ending: Ending): Promise<void> {
  const verb = lineVerbs[ending.verb]
  const leaving = gone.filter((line) => !isLost(line))
  if (leaving.length === 0) return
  for (const line of leaving) {
    apply(em, actor, orderLineLifecycle, line, verb in orderLineLifecycle.table[line.status] ? verb : 'cancel', { reason: why.code })
    Object.assign(line, { reasonCode: why.code, reasonMessage: why.message ?? null, nextOn: why.nextOn ?? null })
  }
  const parts = await partsOf(em, order)
  if (parts.lines.every(isLost)) return endOrder(em, actor, order, ending.verb, ending.code)

  for (const line of leaving) tellLeftOut(em, actor, order, line, why.code)
  for (const part of parts.fulfilments) {
    if ('drop' in fulfilmentLifecycle.table[part.status] && linesIn(parts, part).length === 0) apply(em, actor, fulfilmentLifecycle, part, 'drop', { reason: why.code })
  }
  // whoever left the lines out, what follows from it is the saga's to do
  const saga = systemActor('orders')
  if (permits(order, 'acceptPrescriptions')) askForStockOnceChecked(em, saga, order, parts)
  else if (permits(order, 'askForStock')) await askAgain(em, saga, order)
  else if (isFilling(order.status) || order.status === 'RELEASED') {
    for (const part of parts.fulfilments) releaseOnceChecked(em, saga, order, parts, part)
    advanceOrder(em, saga, order, parts)
    askProvider(em, saga, payment)
  }
}

export const tellLeftOut = (em: EntityManager, actor: Actor, order: Order, { id: orderLineId, prescriptionId }: Pick<OrderLine, 'id' | 'prescriptionId'>, reasonCode: string): void =>
  emit(em, actor, 'orders.line-cancelled.v1', order.id, { orderId: order.id, orderLineId, prescriptionId: prescriptionId ?? null, reasonCode, patientId: order.patientId })
