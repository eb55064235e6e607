import { byId, hasRole, listBy, pageByParent, perArguments, TransitionRow, type Actor, type EntityManager, type Page, type SubgraphContext } from '@pharmagraph/platform'
import DataLoader from 'dataloader'
import { access } from './access.ts'
import { Recall, RecallLot, RecallNotice } from './entities/recall.ts'
import { Destruction } from './entities/destruction.ts'
import { DispenseJob } from './entities/dispense-job.ts'
import { LedgerEntry } from './entities/ledger-entry.ts'
import { Location } from './entities/location.ts'
import { Lot } from './entities/lot.ts'
import { Allocation, Reservation } from './entities/reservation.ts'
import { LossCase } from './entities/loss-case.ts'
import { PurchaseOrder, PurchaseOrderLine } from './entities/purchase-order.ts'
import { StockAlert } from './entities/stock-alert.ts'
import { StockCount } from './entities/stock-count.ts'
import { SuspectCase } from './entities/suspect-case.ts'
import { TradingPartner } from './entities/trading-partner.ts'
import { TransactionRecord } from './entities/transaction-record.ts'
import { countLifecycle } from './lifecycles/stock-count.ts'
import { lotLifecycle } from './lifecycles/lot.ts'
import { affectedFills } from './reads/affected-fills.ts'
import type { Services } from './services.ts'
import { lotExposure } from './reads/lot-exposure.ts'
import { costOfGoods, type SoldKey } from './reads/stock-reports.ts'
import { recentAvailabilityOf } from './reads/availability.ts'

/** Staff see every lot and hold, others none. */
export const rowsFor = (actor: Actor): object => (access.can(actor, 'lot:view', undefined) ? {} : { id: { $in: [] } })

/** Recalls are seen by those who trace them. */
export const recallsFor = (actor: Actor): object => (access.can(actor, 'recall:view', undefined) ? {} : { id: { $in: [] } })

/** Notices by those who trace recalls or make the calls; a patient sees their own. */
const noticesFor = (actor: Actor): object =>
  access.can(actor, 'recall:view', undefined) || hasRole(actor, 'support') ? {} : { patientId: actor.patientId && hasRole(actor, 'patient') ? actor.patientId : null }

export const loaders = (em: EntityManager, actor: Actor) => ({
  location: byId(em, Location),
  lot: byId(em, Lot, rowsFor(actor)),
  reservation: byId(em, Reservation, rowsFor(actor)),
  /** Reservations by order id. */
  reservationsOf: listBy(em, Reservation, 'orderId', { scope: rowsFor(actor) }),
  /** Allocations by reservation id. */
  allocationsOf: listBy(em, Allocation, 'reservationId'),
  /** Steps of a lot's lifecycle by lot id. */
  historyOf: listBy(em, TransitionRow, 'subjectId', { scope: { machine: lotLifecycle.name } }),
  /** Ledger pages by lot id. */
  ledgerOf: perArguments((request: Page) => pageByParent(em, LedgerEntry, 'lotId', {}, request)),
  /** What drugs sold in some days had cost, by drug and days. */
  costOfGoods: new DataLoader((keys: readonly SoldKey[]) => costOfGoods(em, keys), { cacheKeyFn: ({ drugId, from, to }: SoldKey) => `${drugId} ${from} ${to}` as never }),
  recall: byId(em, Recall, recallsFor(actor)),
  recallNotice: byId(em, RecallNotice, noticesFor(actor)),
  /** The recall behind a notice that the actor may see. */
  recallOfNotice: byId(em, Recall),
  lotsOfRecall: listBy(em, RecallLot, 'recallId', { orderBy: { lotId: 'asc' } }),
  noticesOfRecall: listBy(em, RecallNotice, 'recallId', { scope: noticesFor(actor) }),
  stockCount: byId(em, StockCount, rowsFor(actor)),
  countHistoryOf: listBy(em, TransitionRow, 'subjectId', { scope: { machine: countLifecycle.name } }),
  lossCase: byId(em, LossCase, access.can(actor, 'loss-case:view', undefined) ? {} : { id: { $in: [] } }),
  tradingPartner: byId(em, TradingPartner, rowsFor(actor)),
  suspectCase: byId(em, SuspectCase, access.can(actor, 'suspect:view', undefined) ? {} : { id: { $in: [] } }),
  purchaseOrder: byId(em, PurchaseOrder, rowsFor(actor)),
  purchaseOrderLines: listBy(em, PurchaseOrderLine, 'purchaseOrderId'),
  /** Steps of a lifecycle by its name, then by subject. */
  historyIn: perArguments(({ machine }: { machine: string }) => listBy(em, TransitionRow, 'subjectId', { scope: { machine } })),
  dispenseJob: byId(em, DispenseJob, rowsFor(actor)),
  /** What each lot has been through, by lot id. */
  exposureOf: new DataLoader(async (lotIds: readonly string[]) => {
    const exposure = await lotExposure(em, lotIds)
    return lotIds.map((id) => exposure.get(id) ?? null)
  }),
  destruction: byId(em, Destruction, rowsFor(actor)),
  stockAlert: byId(em, StockAlert, rowsFor(actor)),
  /** DSCSA transaction data by lot id. */
  transactionsOf: listBy(em, TransactionRecord, 'lotId'),
  /** What was dispensed from recalled lots, by recall id. */
  affectedFills: new DataLoader(async (recallIds: readonly string[]) => {
    const fills = Map.groupBy(await affectedFills(em, recallIds), ({ recallId }) => recallId)
    return recallIds.map((id) => fills.get(id) ?? [])
  }),
  /** What can be sold, by drug id. */
  availability: new DataLoader((drugIds: readonly string[]) => recentAvailabilityOf(em, drugIds)),
})

export type Context = SubgraphContext<ReturnType<typeof loaders>, Services>
