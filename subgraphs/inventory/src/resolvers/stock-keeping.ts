import { allowedActions, clock, isId } from '@pharmagraph/platform'
import type { ControlledLineResolvers, LossCaseResolvers, PurchaseSuggestionResolvers, StockAlertResolvers, StockCountResolvers } from '../generated/resolvers.ts'
import { countLifecycle, lossCaseLifecycle } from '../lifecycles/stock-count.ts'
import type { StockCount } from '../entities/stock-count.ts'

/** Until the count is reviewed nobody is told what it should be. */
const isOpen = ({ status }: StockCount): boolean => status === 'REVIEW' || status === 'POSTED'

export const stockCountResolvers: StockCountResolvers = {
  __resolveReference: ({ id }, { loaders }) => (isId(id) ? loaders.stockCount.load(id) : null),
  lot: async ({ lotId }, _args, { loaders }) => (await loaders.lot.load(lotId))!,
  firstQuantity: (count) => (isOpen(count) ? count.firstQuantity : null),
  secondQuantity: (count) => (isOpen(count) ? count.secondQuantity : null),
  variance: (count) => (isOpen(count) ? count.variance : null),
  history: ({ id }, _args, { loaders }) => loaders.countHistoryOf.load(id),
  allowedActions: (count, _args, { actor }) => allowedActions(countLifecycle, count, actor),
}

export const lossCaseResolvers: LossCaseResolvers = {
  __resolveReference: ({ id }, { loaders }) => (isId(id) ? loaders.lossCase.load(id) : null),
  lot: async ({ lotId }, _args, { loaders }) => (await loaders.lot.load(lotId))!,
  drug: ({ drugId }) => ({ id: drugId }),
  overdue: ({ status, noticeDueOn, reportDueOn }) => (status === 'OPEN' && noticeDueOn < clock.today()) || (status !== 'REPORTED' && reportDueOn < clock.today()),
  allowedActions: (loss, _args, { actor }) => allowedActions(lossCaseLifecycle, loss, actor),
}

export const controlledLineResolvers: ControlledLineResolvers = { drug: ({ drugId }) => ({ id: drugId }) }
export const purchaseSuggestionResolvers: PurchaseSuggestionResolvers = { drug: ({ drugId }) => ({ id: drugId }) }
export const stockAlertResolvers: StockAlertResolvers = { drug: ({ id }) => ({ id }) }
