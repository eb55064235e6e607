import { apply, notYet, type Actor, type EntityManager, type EventMap } from '@pharmagraph/platform'
import type { Fulfilment } from '../entities/fulfilment.ts'
import type { Order, OrderLine } from '../entities/order.ts'
import { fulfilmentLifecycle } from '../lifecycles/fulfilment.ts'
import { awaits, orderLifecycle, permits } from '../lifecycles/order.ts'
import { orderLineLifecycle } from '../lifecycles/order-line.ts'
import { lockDue } from '../reads/due-orders.ts'
import { orderOfEvent } from '../reads/locked-order.ts'
import { linesIn, partsOf, type Parts } from '../reads/parts.ts'
import { explainOrder } from './advance-order.ts'
import { endOrder } from './end-order.ts'
import { addFulfilment } from './plan-fulfilments.ts'
import { requestStock } from './request-stock.ts'

const reasonCode = 'INSUFFICIENT_STOCK'

/**
 * Nothing is held; told is what is short. Where what is ready goes ahead, the short lines become a part that waits and the
 * rest asks again; else, or where all is short, the order waits.
 */
export async function backorder(em: EntityManager, actor: Actor, { orderId, short }: EventMap['inventory.stock-refused.v1']): Promise<void> {
  const { order } = await orderOfEvent(em, orderId)
  if (awaits(order, 'acceptPrescriptions')) throw notYet('the check of the prescriptions')
  const parts = await partsOf(em, order)
  const asking = parts.fulfilments.filter(({ status }) => status === 'PLANNED')
  const asked = asking.flatMap((fulfilment) => linesIn(parts, fulfilment))
  if (asked.length === 0) return
  // nobody was there to say that they would wait
  if (order.unattended && permits(order, 'reject')) return endOrder(em, actor, order, 'reject', 'AUTO_REFILL_OUT_OF_STOCK')
  const isShort = ({ id }: OrderLine): boolean => short.some(({ orderLineId }) => orderLineId === id)
  const rest = order.delivery === 'AS_READY' ? asked.filter((line) => !isShort(line)) : asked.some(isShort) ? [] : asked

  for (const fulfilment of asking) waitFor(em, actor, order, parts, fulfilment, linesIn(parts, fulfilment).filter((line) => !rest.includes(line)), isShort)
  if (rest.length > 0) requestStock(em, actor, order, rest)
  else if (permits(order, 'backorder')) {
    apply(em, actor, orderLifecycle, order, 'backorder', { reason: reasonCode })
    Object.assign(order, { reasonCode, reasonDrugIds: [...new Set(short.map(({ drugId }) => drugId))] })
  }
  explainOrder(order, parts)
}

/** These lines of the part wait for stock: the part itself where they are all of it, else a new one. */
function waitFor(em: EntityManager, actor: Actor, order: Order, parts: Parts, part: Fulfilment, waiting: OrderLine[], isShort: (line: OrderLine) => boolean): void {
  if (waiting.length === 0) return
  const whole = waiting.length === linesIn(parts, part).length
  const fulfilment = whole ? part : addFulfilment(em, order, Math.max(...parts.fulfilments.map(({ number }) => number)) + 1, waiting)
  if (!whole) parts.fulfilments.push(fulfilment)
  apply(em, actor, fulfilmentLifecycle, fulfilment, 'backorder', { reason: reasonCode })
  fulfilment.reasonCode = reasonCode
  for (const line of waiting) {
    apply(em, actor, orderLineLifecycle, line, 'backorder', { reason: reasonCode })
    line.reasonCode = isShort(line) ? reasonCode : 'WAITS_FOR_THE_REST'
  }
}

/** Goods came in: orders that wait for this drug ask again, the oldest first. */
export async function retryBackorders(em: EntityManager, actor: Actor, drugId: string): Promise<void> {
  const waiting = `id in (select f.order_id from fulfilment f join order_line l on l.fulfilment_id = f.id where f.status = 'BACKORDERED' and l.status = 'BACKORDERED' and l.drug_id = ?)`
  for (const order of await lockDue(em, waiting, [drugId])) await askAgain(em, actor, order)
}

/** Every part that waits for stock asks for it again. */
export async function askAgain(em: EntityManager, actor: Actor, order: Order): Promise<void> {
  const parts = await partsOf(em, order)
  const wanted: OrderLine[] = []
  for (const fulfilment of parts.fulfilments.filter(({ status }) => status === 'BACKORDERED')) {
    apply(em, actor, fulfilmentLifecycle, fulfilment, 'askForStock')
    fulfilment.reasonCode = null
    for (const line of linesIn(parts, fulfilment)) {
      apply(em, actor, orderLineLifecycle, line, 'askForStock')
      line.reasonCode = null
      wanted.push(line)
    }
  }
  if (permits(order, 'askForStock')) apply(em, actor, orderLifecycle, order, 'askForStock')
  Object.assign(order, { reasonCode: null, reasonDrugIds: null })
  if (wanted.length > 0) requestStock(em, actor, order, wanted)
}
