import { apply, notYet, type Actor, type EntityManager, type EventMap } from '@pharmagraph/platform'
import { awaits, orderLifecycle, permits } from '../lifecycles/order.ts'
import { orderLineLifecycle } from '../lifecycles/order-line.ts'
import { linesOf, orderOfEvent } from '../reads/locked-order.ts'
import { askProvider } from './ask-provider.ts'

/** Every line is held: the payment may begin. */
export async function holdStock(em: EntityManager, actor: Actor, { orderId }: EventMap['inventory.stock-held.v1']): Promise<void> {
  const { order, payment } = await orderOfEvent(em, orderId)
  if (awaits(order, 'acceptPrescriptions')) throw notYet('the check of the prescriptions')
  if (!permits(order, 'holdStock')) return
  for (const line of await linesOf(em, order)) if (line.status === 'ACCEPTED') apply(em, actor, orderLineLifecycle, line, 'hold')
  Object.assign(order, { reasonCode: null, reasonDrugIds: null })
  apply(em, actor, orderLifecycle, order, 'holdStock')
  askProvider(em, actor, payment)
}
