import type { FulfilmentResolvers, OrderResolvers } from '../generated/resolvers.ts'

export const orderResolvers: OrderResolvers = {
  __resolveReference: ({ id }) => ({ id }),
  shipment: ({ id }, _args, { loaders }) => loaders.shipmentByOrder.load(id),
  shipments: ({ id }, _args, { loaders }) => loaders.shipmentsOfOrder.load(id),
  trackingNumber: async ({ id }, _args, { loaders }) => (await loaders.shipmentByOrder.load(id))?.trackingNumber ?? null,
}

export const fulfilmentResolvers: FulfilmentResolvers = {
  __resolveReference: ({ id }) => ({ id }),
  shipment: ({ id }, _args, { loaders }) => loaders.shipmentByFulfilment.load(id),
}
