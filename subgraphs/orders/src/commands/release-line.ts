import { apply, notYet, type Actor, type EntityManager, type EventMap } from '@pharmagraph/platform'
import type { OrderLine } from '../entities/order.ts'
import { awaits, permits } from '../lifecycles/order.ts'
import { orderLineLifecycle } from '../lifecycles/order-line.ts'
import { partialCharge } from '../pricing.ts'
import { orderOfEvent } from '../reads/locked-order.ts'
import { partsOf } from '../reads/parts.ts'
import { advanceOrder } from './advance-order.ts'
import { releaseOnceChecked } from './prepare-fulfilments.ts'

/** A pharmacist released a fill; with the last of its part the part is released. What was dispensed is what is charged. */
export async function releaseLine(em: EntityManager, actor: Actor, { orderId, orderLineId, lots }: EventMap['prescriptions.fill-released.v1']): Promise<void> {
  const { order } = await orderOfEvent(em, orderId)
  const parts = await partsOf(em, order)
  const line = parts.lines.find(({ id }) => id === orderLineId)
  if (!line || line.status === 'RELEASED' || !awaits(order, 'release')) return
  if (!permits(order, 'release')) throw notYet('the payment')
  if (line.status === 'ACCEPTED' || line.status === 'BACKORDERED') throw notYet('the hold of the line')
  if (line.status !== 'HELD') return // left out meanwhile
  supply(line, lots.reduce((sum, { quantity }) => sum + quantity, 0))
  apply(em, actor, orderLineLifecycle, line, 'release', line.suppliedQuantity == null ? {} : { reason: 'PART_FILLED' })
  const part = parts.fulfilments.find(({ id }) => id === line.fulfilmentId)
  if (!part) return
  releaseOnceChecked(em, actor, order, parts, part)
  advanceOrder(em, actor, order, parts)
}

/** Less than ordered was dispensed (21 CFR 1306.13, 1306.23): the balance is neither charged nor sent with this order. */
function supply(line: OrderLine, quantity: number): void {
  if (quantity >= line.quantity) return
  Object.assign(line, { suppliedQuantity: quantity, chargeMinor: partialCharge(line, quantity), reasonCode: 'PART_FILLED' })
}
