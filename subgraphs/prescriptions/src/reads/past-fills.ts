import { clock, type EntityManager } from '@pharmagraph/platform'
import { Fill, fillsUndone } from '../entities/fill.ts'
import { runOut, type PastFill } from '../regulations/decisions.ts'

/** The fills that left the pharmacy, by the legal day of their release. */
export const pastFills = (fills: readonly Fill[]): PastFill[] =>
  fills.flatMap(({ releasedAt, daysSupply }) => (releasedAt ? [{ day: clock.dayOf(releasedAt), daysSupply: daysSupply ?? null }] : []))

/** The first day without supply from a prescription, taken as directed; null while nothing was dispensed. */
export async function supplyUntil(em: EntityManager, prescriptionId: string): Promise<string | null> {
  const fills = await em.find(Fill, { prescriptionId, status: { $nin: [...fillsUndone] }, releasedAt: { $ne: null } }, { orderBy: { releasedAt: 'asc' } })
  const known = pastFills(fills).flatMap(({ day, daysSupply }) => (daysSupply === null ? [] : [{ day, daysSupply }]))
  return runOut(known) || null
}
