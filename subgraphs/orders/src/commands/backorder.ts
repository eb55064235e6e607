import { apply, notYet, type Actor, type EntityManager, type EventMap } from '@pharmagraph/platform'
import { awaits, orderLifecycle, permits } from '../lifecycles/order.ts'
import { lockDue } from '../reads/due-orders.ts'
import { linesOf, orderOfEvent } from '../reads/locked-order.ts'
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
  for (const order of await lockDue(em, `status = 'BACKORDERED' and ? = any(reason_drug_ids)`, [drugId])) {
    apply(em, actor, orderLifecycle, order, 'askForStock')
    Object.assign(order, { reasonCode: null, reasonDrugIds: null })
    requestStock(em, actor, order, await linesOf(em, order))
  }
}
