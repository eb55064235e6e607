import { allowedActions, clock, isId } from '@pharmagraph/platform'
import { isAuthorised } from '../entities/trading-partner.ts'
import type { DestructionResolvers, DispenseJobResolvers, PurchaseOrderLineResolvers, PurchaseOrderResolvers, SuspectCaseResolvers, TradingPartnerResolvers } from '../generated/resolvers.ts'
import { destructionLifecycle } from '../lifecycles/destruction.ts'
import { purchaseOrderLifecycle } from '../lifecycles/purchase-order.ts'
import { packagesToVerify, suspectCaseLifecycle } from '../lifecycles/suspect-case.ts'
import { tradingPartnerLifecycle } from '../lifecycles/trading-partner.ts'

export const tradingPartnerResolvers: TradingPartnerResolvers = {
  __resolveReference: ({ id }, { loaders }) => (isId(id) ? loaders.tradingPartner.load(id) : null),
  authorised: (partner) => isAuthorised(partner, clock.today()),
  allowedActions: (partner, _args, { actor }) => allowedActions(tradingPartnerLifecycle, partner, actor),
}

export const suspectCaseResolvers: SuspectCaseResolvers = {
  __resolveReference: ({ id }, { loaders }) => (isId(id) ? loaders.suspectCase.load(id) : null),
  lot: async ({ lotId }, _args, { loaders }) => (await loaders.lot.load(lotId))!,
  drug: ({ drugId }) => ({ id: drugId }),
  packagesToVerify,
  overdue: ({ status, noticeDueAt }) => status === 'ILLEGITIMATE' && noticeDueAt! < clock.now(),
  history: ({ id }, _args, { loaders }) => loaders.historyIn({ machine: suspectCaseLifecycle.name }).load(id),
  allowedActions: (suspect, _args, { actor }) => allowedActions(suspectCaseLifecycle, suspect, actor),
}

export const purchaseOrderResolvers: PurchaseOrderResolvers = {
  __resolveReference: ({ id }, { loaders }) => (isId(id) ? loaders.purchaseOrder.load(id) : null),
  partner: async ({ partnerId }, _args, { loaders }) => (await loaders.tradingPartner.load(partnerId))!,
  location: async ({ locationId }, _args, { loaders }) => (await loaders.location.load(locationId))!,
  lines: ({ id }, _args, { loaders }) => loaders.purchaseOrderLines.load(id),
  history: ({ id }, _args, { loaders }) => loaders.historyIn({ machine: purchaseOrderLifecycle.name }).load(id),
  allowedActions: (order, _args, { actor }) => allowedActions(purchaseOrderLifecycle, order, actor),
}

export const destructionResolvers: DestructionResolvers = {
  __resolveReference: ({ id }, { loaders }) => (isId(id) ? loaders.destruction.load(id) : null),
  lot: async ({ lotId }, _args, { loaders }) => (await loaders.lot.load(lotId))!,
  allowedActions: (destruction, _args, { actor }) => allowedActions(destructionLifecycle, destruction, actor),
}

export const dispenseJobResolvers: DispenseJobResolvers = {
  __resolveReference: ({ id }, { loaders }) => (isId(id) ? loaders.dispenseJob.load(id) : null),
  lot: async ({ lotId }, _args, { loaders }) => (await loaders.lot.load(lotId))!,
}

export const purchaseOrderLineResolvers: PurchaseOrderLineResolvers = { drug: ({ drugId }) => ({ id: drugId }) }
