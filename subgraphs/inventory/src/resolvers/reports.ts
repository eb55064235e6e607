import { isId, isStaff, money } from '@pharmagraph/platform'
import type { DrugSalesResolvers, DrugTurnoverResolvers, ExpiringLotResolvers, ExpiringStockReportResolvers } from '../generated/resolvers.ts'

/** A report's line of another subgraph, as far as it is told here. */
type Reported = { drugId: string; from: string; to: string; revenue?: { amountMinor: number; currency: string } }

export const drugSalesResolvers: DrugSalesResolvers = {
  __resolveReference: (line, { actor }) => (isStaff(actor) && isId(line.drugId) ? (line as Reported) : null),
  costOfGoods: async ({ drugId, from, to }, _args, { loaders }) => {
    const cost = await loaders.costOfGoods.load({ drugId, from, to })
    return cost === null ? null : money(cost)
  },
  grossMargin: async ({ drugId, from, to, revenue }, _args, { loaders }) => {
    const cost = await loaders.costOfGoods.load({ drugId, from, to })
    return cost === null || !revenue ? null : money(revenue.amountMinor - cost, revenue.currency)
  },
}

export const expiringStockReportResolvers: ExpiringStockReportResolvers = { value: ({ valueMinor }) => money(valueMinor) }
export const expiringLotResolvers: ExpiringLotResolvers = {
  lot: async ({ lotId }, _args, { loaders }) => (await loaders.lot.load(lotId))!,
  drug: ({ drugId }) => ({ id: drugId }),
  value: ({ valueMinor }) => (valueMinor === null ? null : money(valueMinor)),
}
export const drugTurnoverResolvers: DrugTurnoverResolvers = { drug: ({ drugId }) => ({ id: drugId }) }
