import type { TransitionRow } from '@pharmagraph/platform'
import type { ControlledInventoryRecord } from './entities/controlled-inventory-record.ts'
import type { Destruction } from './entities/destruction.ts'
import type { DispenseJob } from './entities/dispense-job.ts'
import type { LedgerEntry } from './entities/ledger-entry.ts'
import type { Location } from './entities/location.ts'
import type { Lot } from './entities/lot.ts'
import type { Allocation, Reservation } from './entities/reservation.ts'
import type { Recall, RecallNotice } from './entities/recall.ts'
import type { LossCase } from './entities/loss-case.ts'
import type { PurchaseOrder, PurchaseOrderLine } from './entities/purchase-order.ts'
import type { SuspectCase } from './entities/suspect-case.ts'
import type { TradingPartner } from './entities/trading-partner.ts'
import type { StockAlert } from './entities/stock-alert.ts'
import type { StockCount } from './entities/stock-count.ts'
import type { ControlledLine } from './reads/controlled-inventory.ts'
import type { Suggestion } from './reads/reorder-suggestions.ts'
import type { ExpiringLot, ExpiringStock, Turnover } from './reads/stock-reports.ts'
import type { AffectedFill } from './reads/affected-fills.ts'
import type { Mismatch } from './reads/ledger-proof.ts'

export type LotMapper = Lot
export type LocationMapper = Location
export type LedgerEntryMapper = LedgerEntry
export type LedgerMismatchMapper = Mismatch
export type ReservationMapper = Reservation
export type AllocationMapper = Allocation
export type TransitionMapper = TransitionRow
export type RecallMapper = Recall
export type RecallNoticeMapper = RecallNotice
export type AffectedFillMapper = AffectedFill
export type TradingPartnerMapper = TradingPartner
export type SuspectCaseMapper = SuspectCase
export type PurchaseOrderMapper = PurchaseOrder
export type PurchaseOrderLineMapper = PurchaseOrderLine
export type DispenseJobMapper = DispenseJob
export type ControlledInventoryRecordMapper = ControlledInventoryRecord
export type DestructionMapper = Destruction
export type StockCountMapper = StockCount
export type LossCaseMapper = LossCase
export type StockAlertMapper = StockAlert
export type ControlledLineMapper = ControlledLine
export type PurchaseSuggestionMapper = Suggestion
/** Entities of others: their id, to which we add a field. */
export type DrugMapper = { id: string }
export type OrderMapper = { id: string }
export type DrugSalesMapper = { drugId: string; from: string; to: string; revenue?: { amountMinor: number; currency: string } }
export type ExpiringStockReportMapper = ExpiringStock
export type ExpiringLotMapper = ExpiringLot
export type DrugTurnoverMapper = Turnover
