import { access } from '../access.ts'
import type { QueryResolvers } from '../generated/resolvers.ts'
import { routeOfDriver, routesOfDay } from '../reads/routes.ts'

export const queryResolvers: QueryResolvers = {
  shipment: (_source, { id }, { loaders }) => loaders.shipment.load(id),
  shipmentByTracking: (_source, { trackingNumber }, { loaders }) => loaders.shipmentByTracking.load(trackingNumber.trim().toUpperCase()),
  route: async (_source, { id }, { actor, loaders }) => {
    const route = await loaders.route.load(id)
    return route && access.can(actor, 'route:view', route) ? route : null
  },
  myRoute: (_source, _args, { em, actor }) => routeOfDriver(em, actor),
  routes: (_source, { date, first, after }, { em, actor }) => routesOfDay(em, actor, { date, first: first ?? 20, after }),
}
