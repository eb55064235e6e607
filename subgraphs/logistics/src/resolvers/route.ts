import { access } from '../access.ts'
import type { RouteResolvers, RouteStopResolvers } from '../generated/resolvers.ts'
import { notFound } from '@pharmagraph/platform'
import { polylineOf, stopsVisible } from '../reads/stops.ts'
import { positionForParcel, positionOf } from '../reads/positions.ts'

export const routeResolvers: RouteResolvers = {
  __resolveReference: ({ id }, { loaders }) => loaders.route.load(id),
  driver: async ({ driverId }, _args, { loaders }) => {
    const driver = await loaders.driver.load(driverId)
    if (!driver) throw notFound('driver')
    return driver
  },
  stops: (route, _args, { loaders }) => stopsVisible(loaders, route),
  polyline: (route, _args, { em, actor, services }) => (access.can(actor, 'route:view', route) ? polylineOf(em, services.vault, route) : null),
  position: async (route, _args, { actor, loaders }) => {
    if (access.can(actor, 'route:view', route)) return positionOf(route)
    const own = await loaders.shipment.loadMany((await stopsVisible(loaders, route)).map(({ shipmentId }) => shipmentId))
    return own.map((shipment) => (shipment && !(shipment instanceof Error) ? positionForParcel(shipment, route) : null)).find(Boolean) ?? null
  },
}

export const routeStopResolvers: RouteStopResolvers = {
  shipment: async ({ shipmentId }, _args, { loaders }) => {
    const shipment = await loaders.shipment.load(shipmentId)
    if (!shipment) throw notFound('shipment')
    return shipment
  },
}
