import type { PatientResolvers } from '../generated/resolvers.ts'

export const patientResolvers: PatientResolvers = {
  __resolveReference: ({ id }) => ({ id }),
  orders: ({ id }, { status, first, after }, { loaders }) => loaders.ordersOf({ first: first ?? 20, after, status }).load(id),
}
