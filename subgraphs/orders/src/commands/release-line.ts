import { apply, notYet, type Actor, type EntityManager, type EventMap } from '@pharmagraph/platform'
import { awaits, permits } from '../lifecycles/order.ts'
import { orderLineLifecycle } from '../lifecycles/order-line.ts'
import { linesOf, orderOfEvent } from '../reads/locked-order.ts'
import { sendOut } from './follow-payment.ts'
import { releaseOrder } from './release-order.ts'

/** A pharmacist released a fill; with the last of them the order is released. */
export async function releaseLine(em: EntityManager, actor: Actor, { orderId, orderLineId }: EventMap['prescriptions.fill-released.v1']): Promise<void> {
  const { order, payment } = await orderOfEvent(em, orderId)
  const lines = await linesOf(em, order)
  const line = lines.find(({ id }) => id === orderLineId)
  if (!line || line.status === 'RELEASED' || !awaits(order, 'release')) return
  if (!permits(order, 'release')) throw notYet('the payment')
  apply(em, actor, orderLineLifecycle, line, 'release')
  const open = lines.some(({ prescriptionId, status }) => prescriptionId && status !== 'RELEASED')
  if (open) return
  await releaseOrder(em, actor, order, lines)
  await sendOut(em, actor, order, payment)
}
