import { DrugFactSchema } from './drug-fact.ts'
import { LedgerEntrySchema } from './ledger-entry.ts'
import { LocationSchema } from './location.ts'
import { LotSchema } from './lot.ts'
import { PolicySchema } from './policy.ts'
import { AllocationSchema, ReservationSchema } from './reservation.ts'
import { StockRequestSchema } from './stock-request.ts'

export const entities = [LocationSchema, DrugFactSchema, LotSchema, LedgerEntrySchema, ReservationSchema, AllocationSchema, StockRequestSchema, PolicySchema]
