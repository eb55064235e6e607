import { allowedActions, emit, notYet, type Actor, type EntityManager, type EventMap } from '@pharmagraph/platform'
import { LockMode } from '@mikro-orm/postgresql'
import { Route } from '../entities/route.ts'
import { ownCourier, Shipment, StoppedLine } from '../entities/shipment.ts'
import { move, shipmentLifecycle, type Reason } from '../lifecycles/shipment.ts'
import { lockShipmentsOf } from '../reads/lock-shipments-of.ts'
import type { Services } from '../services.ts'
import { finishStop } from './finish-stop.ts'
import { leaveRoute } from './leave-route.ts'

export const recalled: Reason = { code: 'STOCK_RECALLED', message: 'A medicine in this parcel was recalled by its manufacturer.' }

/** What was packed for an order line is recalled: its parcel goes no further, wherever it is. */
export async function stopParcel(em: EntityManager, actor: Actor, services: Services, { orderId, orderLineId }: EventMap['inventory.parcel-stop-requested.v1']): Promise<void> {
  await lockShipmentsOf(em, orderId)
  if (!(await em.findOne(StoppedLine, { orderLineId }))) em.create(StoppedLine, { orderLineId, orderId })
  const shipments = await em.find(Shipment, { orderId }, { fields: ['id', 'routeId', 'orderLineIds'], disableIdentityMap: true, orderBy: { id: 'asc' } })
  for (const seen of shipments) if (!seen.orderLineIds || seen.orderLineIds.includes(orderLineId)) await stopShipment(em, actor, services, seen, recalled)
}

/**
 * A parcel on the shelf is cancelled, one our driver has comes back without a stop at the door, and a carrier is asked to send
 * back the one it has. One that is delivered, or comes back already, is left alone.
 */
export async function stopShipment(em: EntityManager, actor: Actor, services: Services, seen: { id: string; routeId?: string | null | undefined }, reason: Reason): Promise<void> {
  // the route first, as drivers lock them
  const route = seen.routeId ? await em.findOne(Route, { id: seen.routeId }, { lockMode: LockMode.PESSIMISTIC_WRITE }) : null
  const shipment = await em.findOneOrFail(Shipment, { id: seen.id }, { lockMode: LockMode.PESSIMISTIC_WRITE })
  if ((shipment.routeId ?? null) !== (seen.routeId ?? null)) throw notYet('the route of the parcel')

  const possible = allowedActions(shipmentLifecycle, shipment, actor)
  if (possible.includes('cancel')) {
    await leaveRoute(em, actor, shipment)
    move(em, actor, shipment, 'cancel', reason)
  } else if (possible.includes('callBack')) {
    move(em, actor, shipment, 'callBack', reason)
    if (route) await finishStop(em, actor, services, route, shipment.id)
  } else if (shipment.carrier !== ownCourier && possible.includes('sendBack')) {
    const { id: shipmentId, orderId, patientId } = shipment
    emit(em, actor, 'logistics.intercept-requested.v1', shipmentId, { shipmentId, orderId, patientId, reasonCode: reason.code })
  }
}
