import { apply, notYet, type Actor, type EntityManager, type EventMap } from '@pharmagraph/platform'
import { awaits, orderLifecycle, permits } from '../lifecycles/order.ts'
import { orderOfEvent } from '../reads/locked-order.ts'

type Told = EventMap['logistics.shipment-status-changed.v1']

/** Which step of the order a shipment's status stands for. Our own driver is under way from OUT_FOR_DELIVERY, a carrier from IN_TRANSIT. */
const verbOf: Partial<Record<Told['to'], 'ship' | 'deliver' | 'reportException' | 'returnParcel'>> = {
  IN_TRANSIT: 'ship', OUT_FOR_DELIVERY: 'ship', DELIVERED: 'deliver',
  ATTEMPT_FAILED: 'reportException', HELD_AT_DEPOT: 'reportException', EXCEPTION: 'reportException', RETURNING: 'reportException', RETURNED: 'returnParcel',
}

/** Follows the parcel. `time` is the event's: one that is older than the last applied changes nothing any more. */
export async function followShipment(em: EntityManager, actor: Actor, { orderId, to: status, reasonCode }: Told, time: Date): Promise<void> {
  const { order } = await orderOfEvent(em, orderId)
  if (awaits(order, 'capturePayment')) throw notYet('the capture')
  const verb = verbOf[status]
  if (!verb || (order.shipmentSeenAt && time < order.shipmentSeenAt)) return
  // a parcel that arrived was on its way, even where that news comes later
  if (verb === 'deliver' && !permits(order, verb) && permits(order, 'ship')) apply(em, actor, orderLifecycle, order, 'ship')
  if (!permits(order, verb)) return
  order.shipmentSeenAt = time
  order.reasonCode = verb === 'reportException' ? (reasonCode ?? 'DELIVERY_PROBLEM') : verb === 'returnParcel' ? 'PARCEL_RETURNED' : null
  apply(em, actor, orderLifecycle, order, verb, order.reasonCode ? { reason: order.reasonCode } : {})
}
