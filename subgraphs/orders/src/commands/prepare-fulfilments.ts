import { apply, emit, type Actor, type EntityManager } from '@pharmagraph/platform'
import type { Fulfilment } from '../entities/fulfilment.ts'
import type { Order, OrderLine } from '../entities/order.ts'
import { fulfilmentLifecycle } from '../lifecycles/fulfilment.ts'
import { orderLifecycle, permits } from '../lifecycles/order.ts'
import { orderLineLifecycle } from '../lifecycles/order-line.ts'
import { linesIn, type Parts } from '../reads/parts.ts'
import { advanceOrder } from './advance-order.ts'

/** Paid for and held: parts with prescriptions go to the pharmacist, those without need none. */
export async function prepare(em: EntityManager, actor: Actor, order: Order, parts: Parts, held: readonly Fulfilment[]): Promise<void> {
  const toFill = held.flatMap((fulfilment) => linesIn(parts, fulfilment)).filter(({ prescriptionId }) => prescriptionId)
  for (const fulfilment of held) releaseOnceChecked(em, actor, order, parts, fulfilment)
  if (toFill.length > 0) {
    tellReady(em, actor, order, toFill)
    if (permits(order, 'awaitPharmacist')) apply(em, actor, orderLifecycle, order, 'awaitPharmacist')
  }
  advanceOrder(em, actor, order, parts)
}

export const tellReady = (em: EntityManager, actor: Actor, order: Order, lines: readonly OrderLine[]): void =>
  emit(em, actor, 'orders.order-ready-to-fill.v1', order.id, { orderId: order.id, patientId: order.patientId, orderLineIds: lines.map(({ id }) => id) })

/** Every prescription of the part was released by a pharmacist, or there is none: it may be paid for and packed. */
export function releaseOnceChecked(em: EntityManager, actor: Actor, order: Order, parts: Parts, fulfilment: Fulfilment): void {
  const lines = linesIn(parts, fulfilment)
  if (fulfilment.status !== 'HELD' || lines.some(({ prescriptionId, status }) => prescriptionId && status !== 'RELEASED')) return
  for (const line of lines) if (line.status === 'HELD') apply(em, actor, orderLineLifecycle, line, 'release')
  apply(em, actor, fulfilmentLifecycle, fulfilment, 'release')
  order.releasedParts += 1
  emit(em, actor, 'orders.order-released.v1', order.id, { orderId: order.id, patientId: order.patientId, orderLineIds: lines.map(({ id }) => id), fulfilmentId: fulfilment.id })
}
