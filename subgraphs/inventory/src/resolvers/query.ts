import { invalid, isId, page } from '@pharmagraph/platform'
import { access } from '../access.ts'
import { recallsFor, rowsFor } from '../context.ts'
import { ControlledInventoryRecord } from '../entities/controlled-inventory-record.ts'
import { Destruction } from '../entities/destruction.ts'
import { DispenseJob } from '../entities/dispense-job.ts'
import { Location } from '../entities/location.ts'
import { Recall, RecallNotice } from '../entities/recall.ts'
import { PurchaseOrder } from '../entities/purchase-order.ts'
import { SuspectCase } from '../entities/suspect-case.ts'
import { TradingPartner } from '../entities/trading-partner.ts'
import { StockAlert } from '../entities/stock-alert.ts'
import { StockCount } from '../entities/stock-count.ts'
import type { QueryResolvers } from '../generated/resolvers.ts'
import { controlledInventory } from '../reads/controlled-inventory.ts'
import { findLossCases } from '../reads/loss-cases.ts'
import { reorderSuggestions } from '../reads/reorder-suggestions.ts'
import { zoneHistory } from '../reads/zone-history.ts'
import { proveLedger } from '../reads/ledger-proof.ts'
import { findLots } from '../reads/lots.ts'
import { traceProduct } from '../reads/trace-product.ts'
import { expiringStock, stockTurnover } from '../reads/stock-reports.ts'
import { readRecallReport } from '../reads/recall-report.ts'

export const queryResolvers: QueryResolvers = {
  inventory: (_source, { first, after, ...filter }, { em, actor }) => findLots(em, filter, rowsFor(actor), { first: first ?? 50, after }),
  lot: (_source, { id }, { loaders }) => (isId(id) ? loaders.lot.load(id) : null),
  locations: (_source, _args, { em }) => em.find(Location, {}, { orderBy: { name: 'asc' } }),
  readRecallReport: (_source, { text }) => readRecallReport(text),
  recall: (_source, { id }, { loaders }) => (isId(id) ? loaders.recall.load(id) : null),
  recalls: (_source, { status, first, after }, { em, actor }) => page<Recall>(em, Recall, { $and: [recallsFor(actor), status ? { status } : {}] }, { first: first ?? 20, after }),
  myRecallNotices: (_source, _args, { em, actor }) => (actor.patientId ? em.find(RecallNotice, { patientId: actor.patientId }, { orderBy: { id: 'desc' }, limit: 100 }) : []),
  stockCounts: (_source, { lotId, status, first, after }, { em, actor }) =>
    page<StockCount>(em, StockCount, { $and: [rowsFor(actor), lotId ? (isId(lotId) ? { lotId } : { id: { $in: [] } }) : {}, status ? { status } : {}] }, { first: first ?? 20, after }),
  lossCases: (_source, { status }, { em, actor }) => findLossCases(em, actor, status),
  controlledInventory: (_source, { locationId }, { em, actor }) => {
    access.must(actor, 'ledger:prove', undefined)
    return controlledInventory(em, locationId)
  },
  suggestedPurchaseOrders: async (_source, _args, { em, actor }) => {
    access.must(actor, 'stock:plan', undefined)
    return (await reorderSuggestions(em)).filter(({ suggestedQuantity }) => suggestedQuantity > 0)
  },
  tradingPartners: (_source, _args, { em, actor }) => em.find(TradingPartner, rowsFor(actor), { orderBy: { name: 'asc', id: 'asc' }, limit: 500 }),
  suspectCases: (_source, { status }, { em, actor }) => {
    access.must(actor, 'suspect:view', undefined)
    return em.find(SuspectCase, status ? { status } : {}, { orderBy: { noticeDueAt: 'asc nulls last', id: 'asc' }, limit: 500 })
  },
  dispenseJobs: (_source, { fillId }, { em, actor }) => (isId(fillId) ? em.find(DispenseJob, { $and: [rowsFor(actor), { fillId }] }, { orderBy: { id: 'asc' }, limit: 20 }) : []),
  controlledInventoryRecords: (_source, { locationId }, { em, actor }) => {
    access.must(actor, 'ledger:prove', undefined)
    return isId(locationId) ? em.find(ControlledInventoryRecord, { locationId }, { orderBy: { takenAt: 'desc' }, limit: 100 }) : []
  },
  destructions: (_source, { status, first, after }, { em, actor }) => page<Destruction>(em, Destruction, { $and: [rowsFor(actor), status ? { status } : {}] }, { first: first ?? 20, after }),
  traceProduct: (_source, traced, { em, actor }) => traceProduct(em, actor, traced),
  purchaseOrders: (_source, { status, first, after }, { em, actor }) => page<PurchaseOrder>(em, PurchaseOrder, { $and: [rowsFor(actor), status ? { status } : {}] }, { first: first ?? 20, after }),
  expiringStockReport: (_source, { withinDays }, { em, actor }) => expiringStock(em, actor, withinDays ?? 90),
  stockTurnoverReport: (_source, days, { em, actor }) => stockTurnover(em, actor, days),
  lowStock: (_source, _args, { em, actor }) => em.find(StockAlert, rowsFor(actor), { orderBy: { since: 'asc', id: 'asc' } }),
  coldChain: (_source, { locationId, storageClass, since }, { em, actor }) => {
    access.must(actor, 'temperature:view', undefined)
    if (!isId(locationId)) throw invalid('locationId', 'this location is not known here')
    return zoneHistory(em, { locationId, storageClass, since })
  },
  ledgerProof: (_source, _args, { em, actor }) => proveLedger(em, actor),
}
