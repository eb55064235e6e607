/** Fields this subgraph adds to the entities of others. */
import { isId, toConnection } from '@pharmagraph/platform'
import type { OrderResolvers, PatientResolvers } from '../generated/resolvers.ts'

export const patientResolvers: PatientResolvers = {
  prescriptions: ({ id }, { filter, first, after }, { loaders }) =>
    isId(id) ? loaders.prescriptionsOf({ filter: filter ?? 'ALL', first: first ?? 20, after }).load(id) : toConnection([], 0),
  openRefillRequests: ({ id }, _args, { loaders }) => (isId(id) ? loaders.openRefillsOf.load(id) : []),
}

export const orderResolvers: OrderResolvers = {
  fills: ({ id }, _args, { loaders }) => (isId(id) ? loaders.fillsOfOrder.load(id) : []),
}
