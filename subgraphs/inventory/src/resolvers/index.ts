import type { Resolvers } from '../generated/resolvers.ts'
import { ledgerMismatchResolvers, locationResolvers, lotResolvers } from './lot.ts'
import { mutationResolvers } from './mutation.ts'
import { queryResolvers } from './query.ts'
import { allocationResolvers, drugResolvers, orderResolvers, reservationResolvers } from './reservation.ts'

export const resolvers: Resolvers = {
  Query: queryResolvers,
  Mutation: mutationResolvers,
  Lot: lotResolvers,
  Location: locationResolvers,
  LedgerMismatch: ledgerMismatchResolvers,
  Order: orderResolvers,
  Reservation: reservationResolvers,
  Allocation: allocationResolvers,
  Drug: drugResolvers,
}
