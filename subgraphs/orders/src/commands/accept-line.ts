import { apply, type Actor, type EntityManager, type EventMap } from '@pharmagraph/platform'
import type { Order } from '../entities/order.ts'
import { orderLifecycle, permits } from '../lifecycles/order.ts'
import { orderLineLifecycle } from '../lifecycles/order-line.ts'
import { isLost } from '../reads/amount-due.ts'
import { orderOfEvent } from '../reads/locked-order.ts'
import { partsOf, type Parts } from '../reads/parts.ts'
import { requestStock } from './request-stock.ts'

/** A fill may go ahead; with the last of them the order asks for stock. */
export async function acceptLine(em: EntityManager, actor: Actor, { orderId, orderLineId }: EventMap['prescriptions.fill-accepted.v1']): Promise<void> {
  const { order } = await orderOfEvent(em, orderId)
  const parts = await partsOf(em, order)
  const line = parts.lines.find(({ id }) => id === orderLineId)
  if (line?.status !== 'PENDING' || !permits(order, 'acceptPrescriptions')) return
  apply(em, actor, orderLineLifecycle, line, 'accept')
  askForStockOnceChecked(em, actor, order, parts)
}

/** Every line that is not left out has passed the check: the order asks for stock. */
export function askForStockOnceChecked(em: EntityManager, actor: Actor, order: Order, { lines }: Parts): void {
  const wanted = lines.filter((line) => !isLost(line))
  if (!wanted.every(({ status }) => status === 'ACCEPTED')) return
  apply(em, actor, orderLifecycle, order, 'acceptPrescriptions')
  requestStock(em, actor, order, wanted)
}
