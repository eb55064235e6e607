import type { Resolvers } from '../generated/resolvers.ts'
import { ledgerMismatchResolvers, locationResolvers, lotResolvers } from './lot.ts'
import { mutationResolvers } from './mutation.ts'
import { queryResolvers } from './query.ts'
import { drugSalesResolvers, drugTurnoverResolvers, expiringLotResolvers, expiringStockReportResolvers } from './reports.ts'
import { affectedFillResolvers, recallNoticeResolvers, recallResolvers } from './recall.ts'
import { allocationResolvers, drugResolvers, orderResolvers, reservationResolvers } from './reservation.ts'
import { destructionResolvers, dispenseJobResolvers, purchaseOrderLineResolvers, purchaseOrderResolvers, suspectCaseResolvers, tradingPartnerResolvers } from './supply.ts'
import { controlledLineResolvers, lossCaseResolvers, purchaseSuggestionResolvers, stockAlertResolvers, stockCountResolvers } from './stock-keeping.ts'

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
  DrugSales: drugSalesResolvers,
  ExpiringStockReport: expiringStockReportResolvers,
  ExpiringLot: expiringLotResolvers,
  DrugTurnover: drugTurnoverResolvers,
  StockCount: stockCountResolvers,
  LossCase: lossCaseResolvers,
  StockAlert: stockAlertResolvers,
  ControlledLine: controlledLineResolvers,
  PurchaseSuggestion: purchaseSuggestionResolvers,
  TradingPartner: tradingPartnerResolvers,
  DispenseJob: dispenseJobResolvers,
  Destruction: destructionResolvers,
  ControlledInventoryRecord: { location: async ({ locationId }, _args, { loaders }) => (await loaders.location.load(locationId))!, lines: ({ lines }) => lines.map((line) => ({ ...line, drug: { id: line.drugId } })) },
  SuspectCase: suspectCaseResolvers,
  PurchaseOrder: purchaseOrderResolvers,
  PurchaseOrderLine: purchaseOrderLineResolvers,
  Recall: recallResolvers,
  AffectedFill: affectedFillResolvers,
  RecallNotice: recallNoticeResolvers,
}
