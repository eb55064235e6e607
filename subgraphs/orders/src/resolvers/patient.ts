import { toConnection } from '@pharmagraph/platform'
import type { PatientResolvers } from '../generated/resolvers.ts'

export const patientResolvers: PatientResolvers = {
  __resolveReference: ({ id }) => ({ id }),
  orders: async ({ id }, { status, first, after }, { loaders }) => {
    const theirs = await loaders.patients()
    return theirs === 'ALL' || theirs.includes(id) ? loaders.ordersOf({ first: first ?? 20, after, status }).load(id) : toConnection([], 1)
  },
}
