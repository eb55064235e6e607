import { apply, notYet, type Actor, type EntityManager, type EventMap } from '@pharmagraph/platform'
import { fulfilmentLifecycle } from '../lifecycles/fulfilment.ts'
import { awaits, isFilling, orderLifecycle, permits } from '../lifecycles/order.ts'
import { orderLineLifecycle } from '../lifecycles/order-line.ts'
import { orderOfEvent } from '../reads/locked-order.ts'
import { linesIn, partsOf } from '../reads/parts.ts'
import { askProvider } from './ask-provider.ts'
import { prepare } from './prepare-fulfilments.ts'

/** Parts whose lines are all held are set aside: the payment may begin; one that was waited for after it goes to the bench. */
export async function holdStock(em: EntityManager, actor: Actor, { orderId, lines: told }: EventMap['inventory.stock-held.v1']): Promise<void> {
  const { order, payment } = await orderOfEvent(em, orderId)
  if (awaits(order, 'acceptPrescriptions')) throw notYet('the check of the prescriptions')
  const parts = await partsOf(em, order)
  const isHeld = (id: string): boolean => told.some(({ orderLineId }) => orderLineId === id)
  const ready = parts.fulfilments.filter((part) => part.status === 'PLANNED' && linesIn(parts, part).every(({ id }) => isHeld(id)))
  for (const fulfilment of ready) {
    for (const line of linesIn(parts, fulfilment)) apply(em, actor, orderLineLifecycle, line, 'hold')
    apply(em, actor, fulfilmentLifecycle, fulfilment, 'hold')
  }
  if (ready.length === 0) return
  if (permits(order, 'holdStock')) {
    Object.assign(order, { reasonCode: null, reasonDrugIds: null })
    apply(em, actor, orderLifecycle, order, 'holdStock')
    askProvider(em, actor, payment)
  } else if (isFilling(order.status)) await prepare(em, actor, order, parts, ready)
}
