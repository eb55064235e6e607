import type { TransitionRow } from '@pharmagraph/platform'
import type { LedgerEntry } from './entities/ledger-entry.ts'
import type { Location } from './entities/location.ts'
import type { Lot } from './entities/lot.ts'
import type { Allocation, Reservation } from './entities/reservation.ts'
import type { Mismatch } from './reads/ledger-proof.ts'

export type LotMapper = Lot
export type LocationMapper = Location
export type LedgerEntryMapper = LedgerEntry
export type LedgerMismatchMapper = Mismatch
export type ReservationMapper = Reservation
export type AllocationMapper = Allocation
export type TransitionMapper = TransitionRow
/** Entities of others: their id, to which we add a field. */
export type DrugMapper = { id: string }
export type OrderMapper = { id: string }
