import type { Actor, EntityManager } from '@pharmagraph/platform'
import { LockMode } from '@mikro-orm/postgresql'
import { Shipment } from '../entities/shipment.ts'
import { move, shipmentLifecycle } from '../lifecycles/shipment.ts'
import { leaveRoute } from './leave-route.ts'

/** Stops a parcel that has not left yet; one under way comes back by refusal at the door. */
export async function cancelShipment(em: EntityManager, actor: Actor, { orderId, reasonCode }: { orderId: string; reasonCode: string }): Promise<void> {
  const shipment = await em.findOne(Shipment, { orderId }, { lockMode: LockMode.PESSIMISTIC_WRITE })
  if (!shipment || !('cancel' in shipmentLifecycle.table[shipment.status])) return
  await leaveRoute(em, actor, shipment)
  move(em, actor, shipment, 'cancel', { code: reasonCode, message: 'The order was cancelled.' })
}
