import { money } from '@pharmagraph/platform'
import type {
  AbandonedCartResolvers, AbandonedCartsReportResolvers, DaySalesResolvers, DrugSalesResolvers, SalesReportResolvers, StuckOrderResolvers,
} from '../generated/resolvers.ts'

export const salesReportResolvers: SalesReportResolvers = {
  revenue: ({ revenueMinor }) => money(revenueMinor),
  tax: ({ taxMinor }) => money(taxMinor),
  shipping: ({ shippingMinor }) => money(shippingMinor),
  refunded: ({ refundedMinor }) => money(refundedMinor),
}
export const drugSalesResolvers: DrugSalesResolvers = {
  drug: ({ drugId }) => ({ id: drugId }),
  revenue: ({ revenueMinor }) => money(revenueMinor),
  tax: ({ taxMinor }) => money(taxMinor),
}
export const daySalesResolvers: DaySalesResolvers = { revenue: ({ revenueMinor }) => money(revenueMinor) }
export const abandonedCartsReportResolvers: AbandonedCartsReportResolvers = { worth: ({ worthMinor }) => money(worthMinor) }
export const abandonedCartResolvers: AbandonedCartResolvers = { worth: ({ worthMinor }) => money(worthMinor) }
export const stuckOrderResolvers: StuckOrderResolvers = {
  status: ({ order }) => order.status,
  since: ({ order }) => order.statusSince,
  redrive: ({ asks }) => asks,
}
