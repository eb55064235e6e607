/** Bringing several prescriptions to one day (medication synchronisation): a pure plan. */
import { addDays } from '@pharmagraph/platform'
import type { Prescription } from '../entities/prescription.ts'

export type SyncCandidate = Pick<Prescription, 'id' | 'status' | 'deaSchedule' | 'quantity' | 'daysSupply' | 'supplyUntil' | 'nextQuantity'> & { refillsLeft: number }
export type SyncStep = {
  prescriptionId: string
  /** SHORT_FILL: less than the whole on `fillOn`, so that it lasts to the day; ON_ANCHOR: nothing to do until then; LEFT_OUT: not brought along. */
  action: 'SHORT_FILL' | 'ON_ANCHOR' | 'LEFT_OUT'
  reasonCode: string
  fillOn: string | null
  quantity: number | null
  days: number | null
}

/** The latest run-out of all: what runs out before is filled short up to it. */
export const anchorOf = (candidates: readonly SyncCandidate[], today: string): string =>
  candidates.filter((candidate) => !leftOut(candidate)).reduce((latest, { supplyUntil }) => (supplyUntil && supplyUntil > latest ? supplyUntil : latest), today)

const leftOut = ({ status, deaSchedule, daysSupply, refillsLeft, nextQuantity }: SyncCandidate): string | undefined => {
  if (status !== 'VERIFIED') return 'NOT_ACTIVE'
  // a short fill of a controlled substance would be a partial fill by law
  if (deaSchedule !== 'NONE') return 'CONTROLLED_NOT_SYNCED'
  if (!daysSupply) return 'DAYS_SUPPLY_UNKNOWN'
  if (nextQuantity !== null && nextQuantity !== undefined) return 'OWED_BALANCE'
  return refillsLeft < 1 ? 'NO_REFILLS_LEFT' : undefined
}

/** What to do with each so that all are next filled on `anchor`. Units are whole; a short fill is rounded up, never leaving a day without. */
export function planSync(candidates: readonly SyncCandidate[], anchor: string, today: string): SyncStep[] {
  return candidates.map((candidate) => {
    const { id: prescriptionId, supplyUntil, quantity, daysSupply } = candidate
    const out = leftOut(candidate)
    if (out) return { prescriptionId, action: 'LEFT_OUT', reasonCode: out, fillOn: null, quantity: null, days: null }
    const runsOut = supplyUntil && supplyUntil > today ? supplyUntil : today
    const gap = daysBetween(runsOut, anchor)
    if (gap < 1) return { prescriptionId, action: 'ON_ANCHOR', reasonCode: 'SYNCED', fillOn: anchor, quantity, days: daysSupply! }
    if (gap >= daysSupply!) return { prescriptionId, action: 'ON_ANCHOR', reasonCode: 'WHOLE_FILL_FIRST', fillOn: runsOut, quantity, days: daysSupply! }
    return { prescriptionId, action: 'SHORT_FILL', reasonCode: 'SHORT_FILL_TO_SYNC', fillOn: runsOut, quantity: Math.ceil((quantity * gap) / daysSupply!), days: gap }
  })
}

function daysBetween(from: string, to: string): number {
  let days = 0
  while (addDays(from, days) < to) days++
  return days
}
