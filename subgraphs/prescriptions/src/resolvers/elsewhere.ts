/** Fields this subgraph adds to the entities of others. */
import type { OrderResolvers, PatientResolvers } from '../generated/resolvers.ts'

export const patientResolvers: PatientResolvers = {
  prescriptions: ({ id }, { filter, first, after }, { loaders }) => loaders.prescriptionsOf({ filter: filter ?? 'ALL', first: first ?? 20, after }).load(id),
}

export const orderResolvers: OrderResolvers = {
  fills: ({ id }, _args, { loaders }) => loaders.fillsOfOrder.load(id),
}
