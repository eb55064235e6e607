import { apply, notYet, type Actor, type EntityManager, type EventMap } from '@pharmagraph/platform'
import { fulfilmentLifecycle, rankOf } from '../lifecycles/fulfilment.ts'
import { isOff } from '../lifecycles/order.ts'
import { orderOfEvent } from '../reads/locked-order.ts'
import { partsOf } from '../reads/parts.ts'
import { advanceOrder } from './advance-order.ts'
import { takeBack } from './return-goods.ts'

type Told = EventMap['logistics.shipment-status-changed.v1']

/**
 * Which step of a part its parcel's status stands for. Our own driver is under way from OUT_FOR_DELIVERY, a carrier from
 * IN_TRANSIT. A parcel that was stopped in the house came back, as far as the order is concerned.
 */
const verbOf: Partial<Record<Told['to'], 'ship' | 'deliver' | 'reportException' | 'returnParcel'>> = {
  IN_TRANSIT: 'ship', OUT_FOR_DELIVERY: 'ship', DELIVERED: 'deliver',
  ATTEMPT_FAILED: 'reportException', HELD_AT_DEPOT: 'reportException', EXCEPTION: 'reportException', RETURNING: 'reportException', RETURNED: 'returnParcel', CANCELLED: 'returnParcel',
}

/** Follows the parcel of one part. `time` is the event's: one that is older than the last applied changes nothing any more. */
export async function followShipment(em: EntityManager, actor: Actor, { orderId, fulfilmentId, to: status, reasonCode }: Told, time: Date): Promise<void> {
  const { order, payment } = await orderOfEvent(em, orderId)
  const parts = await partsOf(em, order)
  const part = fulfilmentId ? parts.fulfilments.find(({ id }) => id === fulfilmentId) : parts.fulfilments[0]
  const verb = verbOf[status]
  if (!part || !verb || part.status === 'CANCELLED') return
  if (rankOf[part.status] < rankOf.PAID) {
    if (isOff(order.status)) return
    throw notYet('the capture')
  }
  if (part.shipmentSeenAt && time < part.shipmentSeenAt) return
  const may = (step: string): boolean => step in fulfilmentLifecycle.table[part.status]
  // a parcel that arrived was on its way, even where that news comes later
  if (verb === 'deliver' && !may(verb) && may('ship')) apply(em, actor, fulfilmentLifecycle, part, 'ship')
  if (!may(verb)) return
  part.shipmentSeenAt = time
  part.reasonCode = verb === 'reportException' ? (reasonCode ?? 'DELIVERY_PROBLEM') : verb === 'returnParcel' ? 'PARCEL_RETURNED' : null
  apply(em, actor, fulfilmentLifecycle, part, verb, part.reasonCode ? { reason: reasonCode ?? part.reasonCode } : {})
  advanceOrder(em, actor, order, parts)
  if (verb === 'returnParcel') await takeBack(em, actor, order, payment, parts, part, reasonCode)
}
