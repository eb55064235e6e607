import { isId } from '@pharmagraph/platform'
import type { AllocationResolvers, DrugResolvers, OrderResolvers, ReservationResolvers } from '../generated/resolvers.ts'

export const orderResolvers: OrderResolvers = {
  __resolveReference: ({ id }) => ({ id }),
  reservations: ({ id }, _args, { loaders }) => (isId(id) ? loaders.reservationsOf.load(id) : []),
}

export const reservationResolvers: ReservationResolvers = {
  __resolveReference: ({ id }, { loaders }) => (isId(id) ? loaders.reservation.load(id) : null),
  drug: ({ drugId }) => ({ id: drugId }),
  allocations: ({ id }, _args, { loaders }) => loaders.allocationsOf.load(id),
  expiresAt: ({ status, expiresAt }) => (status === 'HELD' ? expiresAt : null),
}

export const allocationResolvers: AllocationResolvers = {
  lot: async ({ lotId }, _args, { loaders }) => (await loaders.lot.load(lotId))!,
}

export const drugResolvers: DrugResolvers = {
  __resolveReference: ({ id }) => (isId(id) ? { id } : null),
  availability: ({ id }, _args, { loaders }) => loaders.availability.load(id),
  stockAlert: ({ id }, _args, { loaders }) => loaders.stockAlert.load(id),
}
