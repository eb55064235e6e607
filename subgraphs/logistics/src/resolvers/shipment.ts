import { allowedActions } from '@pharmagraph/platform'
import type { ShipmentResolvers } from '../generated/resolvers.ts'
import { shipmentLifecycle } from '../lifecycles/shipment.ts'
import { positionForParcel } from '../reads/positions.ts'

export const shipmentResolvers: ShipmentResolvers = {
  __resolveReference: ({ id }, { loaders }) => loaders.shipment.load(id),
  order: ({ orderId }) => ({ id: orderId }),
  fulfilment: ({ fulfilmentId }) => (fulfilmentId ? { id: fulfilmentId } : null),
  statusReason: ({ reasonCode, reasonMessage }) => (reasonCode && reasonMessage ? { code: reasonCode, message: reasonMessage } : null),
  driver: ({ driverId }, _args, { loaders }) => (driverId ? loaders.driver.load(driverId) : null),
  route: ({ routeId }, _args, { loaders }) => (routeId ? loaders.route.load(routeId) : null),
  destination: ({ addressId }, _args, { loaders }) => loaders.address.load(addressId),
  position: async (shipment, _args, { loaders }) => positionForParcel(shipment, shipment.routeId ? await loaders.route.load(shipment.routeId) : null),
  requirements: ({ adultSignature, coldChain }) => ({ adultSignature, coldChain }),
  proof: async (shipment, _args, { loaders }) => {
    const { proofKind, proofAt, proofIdChecked, proofEvidenceHash } = shipment
    const details = await loaders.proof.load(shipment)
    return proofKind && proofAt ? { kind: proofKind, at: proofAt, idChecked: proofIdChecked, evidenceHash: proofEvidenceHash ?? null, receivedBy: details?.receivedBy ?? null, location: details?.location ?? null } : null
  },
  history: ({ id }, _args, { loaders }) => loaders.history.load(id),
  allowedActions: (shipment, _args, { actor }) => allowedActions(shipmentLifecycle, shipment, actor),
}
