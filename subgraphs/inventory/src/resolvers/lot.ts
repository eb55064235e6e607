import { allowedActions, isId } from '@pharmagraph/platform'
import type { LedgerMismatchResolvers, LocationResolvers, LotResolvers } from '../generated/resolvers.ts'
import { lotLifecycle, statusNow } from '../lifecycles/lot.ts'

export const lotResolvers: LotResolvers = {
  __resolveReference: ({ id }, { loaders }) => (isId(id) ? loaders.lot.load(id) : null),
  drug: ({ drugId }) => ({ id: drugId }),
  status: statusNow,
  location: async ({ locationId }, _args, { loaders }) => (await loaders.location.load(locationId))!,
  coldChain: ({ id }, _args, { loaders }) => loaders.exposureOf.load(id),
  transactions: ({ id }, _args, { loaders }) => loaders.transactionsOf.load(id),
  ledger: ({ id }, { first, after }, { loaders }) => loaders.ledgerOf({ first: first ?? 20, after }).load(id),
  history: ({ id }, _args, { loaders }) => loaders.historyOf.load(id),
  allowedActions: (lot, _args, { actor }) => allowedActions(lotLifecycle, { ...lot, status: statusNow(lot) }, actor),
}

export const locationResolvers: LocationResolvers = {
  __resolveReference: ({ id }, { loaders }) => (isId(id) ? loaders.location.load(id) : null),
}

export const ledgerMismatchResolvers: LedgerMismatchResolvers = {
  lot: async ({ lotId }, _args, { loaders }) => (await loaders.lot.load(lotId))!,
}
