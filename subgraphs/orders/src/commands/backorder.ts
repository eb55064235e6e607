import { apply, notYet, type Actor, type EntityManager, type EventMap } from '@pharmagraph/platform'
import { Order } from '../entities/order.ts'
import { awaits, orderLifecycle, permits } from '../lifecycles/order.ts'
import { linesOf, lockOrder, orderOfEvent } from '../reads/locked-order.ts'
import { requestStock } from './request-stock.ts'

/** Nothing is held; the order waits and says for what. */
export async function backorder(em: EntityManager, actor: Actor, { orderId, short }: EventMap['inventory.stock-refused.v1']): Promise<void> {
  const { order } = await orderOfEvent(em, orderId)
  if (awaits(order, 'acceptPrescriptions')) throw notYet('the check of the prescriptions')
  if (!permits(order, 'backorder')) return
  apply(em, actor, orderLifecycle, order, 'backorder', { reason: 'INSUFFICIENT_STOCK' })
  Object.assign(order, { reasonCode: 'INSUFFICIENT_STOCK', reasonDrugIds: [...new Set(short.map(({ drugId }) => drugId))] })
}

/** Goods came in: orders that wait for this drug ask again, the oldest first. */
export async function retryBackorders(em: EntityManager, actor: Actor, drugId: string): Promise<void> {
  const waiting = await em.find(Order, { status: 'BACKORDERED', reasonDrugIds: { $contains: [drugId] } }, { fields: ['id'], orderBy: { id: 'asc' }, limit: 100 })
  em.clear()
  for (const { id } of waiting) {
    const found = await lockOrder(em, id)
    if (!found || !permits(found.order, 'askForStock')) continue
    apply(em, actor, orderLifecycle, found.order, 'askForStock')
    Object.assign(found.order, { reasonCode: null, reasonDrugIds: null })
    requestStock(em, actor, found.order, await linesOf(em, found.order))
  }
}
