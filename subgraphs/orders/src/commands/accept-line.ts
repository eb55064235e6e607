import { apply, type Actor, type EntityManager, type EventMap } from '@pharmagraph/platform'
import { orderLifecycle, permits } from '../lifecycles/order.ts'
import { orderLineLifecycle } from '../lifecycles/order-line.ts'
import { linesOf, orderOfEvent } from '../reads/locked-order.ts'
import { requestStock } from './request-stock.ts'

/** A fill may go ahead; with the last of them the order asks for stock. */
export async function acceptLine(em: EntityManager, actor: Actor, { orderId, orderLineId }: EventMap['prescriptions.fill-accepted.v1']): Promise<void> {
  const { order } = await orderOfEvent(em, orderId)
  const lines = await linesOf(em, order)
  const line = lines.find(({ id }) => id === orderLineId)
  if (line?.status !== 'PENDING' || !permits(order, 'acceptPrescriptions')) return
  apply(em, actor, orderLineLifecycle, line, 'accept')
  if (!lines.every(({ status }) => status === 'ACCEPTED')) return
  apply(em, actor, orderLifecycle, order, 'acceptPrescriptions')
  requestStock(em, actor, order, lines)
}
