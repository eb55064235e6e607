import { ControlledInventoryRecordSchema } from './controlled-inventory-record.ts'
import { DestructionSchema } from './destruction.ts'
import { DeviceCassetteSchema, DispenseJobSchema } from './dispense-job.ts'
import { DispenseRecordSchema } from './dispense-record.ts'
import { DrugFactSchema } from './drug-fact.ts'
import { LedgerEntrySchema } from './ledger-entry.ts'
import { LocationSchema } from './location.ts'
import { LossCaseSchema } from './loss-case.ts'
import { LotCostSchema } from './lot-cost.ts'
import { LotSchema } from './lot.ts'
import { PolicySchema } from './policy.ts'
import { PurchaseOrderLineSchema, PurchaseOrderSchema } from './purchase-order.ts'
import { RecallLotSchema, RecallNoticeSchema, RecallSchema } from './recall.ts'
import { AllocationSchema, ReservationSchema } from './reservation.ts'
import { StockAlertSchema } from './stock-alert.ts'
import { StockCountSchema } from './stock-count.ts'
import { StockRequestSchema } from './stock-request.ts'
import { SuspectCaseSchema, SuspectPackageSchema } from './suspect-case.ts'
import { TemperatureReadingSchema } from './temperature-reading.ts'
import { TradingPartnerSchema } from './trading-partner.ts'
import { TransactionRecordSchema } from './transaction-record.ts'

export const entities = [
  LocationSchema, DrugFactSchema, LotSchema, LotCostSchema, LedgerEntrySchema, ReservationSchema, AllocationSchema, StockRequestSchema, PolicySchema,
  DispenseRecordSchema, RecallSchema, RecallLotSchema, RecallNoticeSchema,
  StockCountSchema, LossCaseSchema, TemperatureReadingSchema, TransactionRecordSchema, StockAlertSchema,
  TradingPartnerSchema, SuspectCaseSchema, SuspectPackageSchema, PurchaseOrderSchema, PurchaseOrderLineSchema,
  DeviceCassetteSchema, DispenseJobSchema, ControlledInventoryRecordSchema, DestructionSchema,
]
