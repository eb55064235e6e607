import { apply, defineLifecycle, emit, to, type Actor, type EntityManager, type Guard } from '@pharmagraph/platform'
import { ownCourier, type Shipment, type ShipmentStatus } from '../entities/shipment.ts'

const system = { by: ['system'] as const }
const driver = { by: ['driver'] as const }

/** A parcel in our own driver's hands is moved by the driver's scans alone, whatever a carrier reports. */
const notWithOurDriver: Guard<Shipment> = ({ carrier }) =>
  carrier === ownCourier ? { code: 'WITH_OUR_DRIVER', message: 'our own driver has this parcel' } : undefined
/** A carrier takes no orders from us: its parcels go on until it brings them back. */
const withOurDriver: Guard<Shipment> = ({ carrier }) =>
  carrier === ownCourier ? undefined : { code: 'WITH_A_CARRIER', message: 'a carrier has this parcel' }
const callBack = to<ShipmentStatus, Shipment>('RETURNING', { by: ['system'], when: [withOurDriver] })
/** What carriers report; they may leave out steps. */
const carrier = { by: ['system'] as const, when: [notWithOurDriver] }

export const shipmentLifecycle = defineLifecycle<ShipmentStatus, Shipment>({
  name: 'shipment',
  initial: 'CREATED',
  table: {
    CREATED: { label: to('LABELLED', system), cancel: to('CANCELLED', system) },
    LABELLED: {
      assign: to('ASSIGNED', system), cancel: to('CANCELLED', system),
      carry: to('IN_TRANSIT', system), approach: to('OUT_FOR_DELIVERY', system), confirm: to('DELIVERED', system), except: to('EXCEPTION', system),
    },
    ASSIGNED: {
      unassign: to('LABELLED', system), pickUp: to('PICKED_UP', driver), cancel: to('CANCELLED', system),
      carry: to('IN_TRANSIT', system), approach: to('OUT_FOR_DELIVERY', system), confirm: to('DELIVERED', system), except: to('EXCEPTION', system),
    },
    PICKED_UP: { leave: to('OUT_FOR_DELIVERY', driver), callBack },
    IN_TRANSIT: {
      approach: to('OUT_FOR_DELIVERY', system), confirm: to('DELIVERED', system), hold: to('HELD_AT_DEPOT', system),
      except: to('EXCEPTION', system), sendBack: to('RETURNING', system),
    },
    OUT_FOR_DELIVERY: {
      deliver: to('DELIVERED', driver), failAttempt: to('ATTEMPT_FAILED', driver), callBack,
      carry: to('IN_TRANSIT', carrier), confirm: to('DELIVERED', carrier), hold: to('HELD_AT_DEPOT', carrier), except: to('EXCEPTION', carrier), sendBack: to('RETURNING', carrier),
    },
    ATTEMPT_FAILED: {
      /** Back at the depot, for another tour. */
      reroute: to('LABELLED', system),
      giveUp: to('RETURNING', driver),
      callBack,
    },
    HELD_AT_DEPOT: { approach: to('OUT_FOR_DELIVERY', system), confirm: to('DELIVERED', system), carry: to('IN_TRANSIT', system), sendBack: to('RETURNING', system) },
    EXCEPTION: {
      carry: to('IN_TRANSIT', system), approach: to('OUT_FOR_DELIVERY', system), confirm: to('DELIVERED', system),
      hold: to('HELD_AT_DEPOT', system), sendBack: to('RETURNING', system),
    },
    RETURNING: { receive: to('RETURNED', system) },
    DELIVERED: {},
    RETURNED: {},
    CANCELLED: {},
  },
  announce(em, actor, { id, orderId, patientId, reasonCode, fulfilmentId, orderLineIds }, { from, to: next }) {
    emit(em, actor, 'logistics.shipment-status-changed.v1', id, {
      shipmentId: id, orderId, patientId, from, to: next, reasonCode: reasonCode ?? null, ...(fulfilmentId ? { fulfilmentId } : {}), ...(orderLineIds ? { orderLineIds } : {}),
    })
  },
})

export type Reason = { code: string; message: string }

/** Walks one arrow; the reason is what the patient reads beside the status. */
export function move(em: EntityManager, actor: Actor, shipment: Shipment, verb: string, reason?: Reason): void {
  shipment.reasonCode = reason?.code ?? null
  shipment.reasonMessage = reason?.message ?? null
  apply(em, actor, shipmentLifecycle, shipment, verb, reason ? { reason: reason.code } : {})
}
