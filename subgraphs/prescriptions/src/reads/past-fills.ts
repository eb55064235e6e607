import { addDays, clock, type EntityManager } from '@pharmagraph/platform'
import { Fill, fillsUndone } from '../entities/fill.ts'
import { runOut, type PastFill } from '../regulations/decisions.ts'

/**
 * The fills that left the pharmacy, by the legal day of their release. Parts of one fill are one: it began so many days
 * before the end of its supply as its parts make together.
 */
export const pastFills = (fills: readonly Fill[]): PastFill[] =>
  [...Map.groupBy(fills.filter(({ releasedAt }) => releasedAt), ({ prescriptionId, number }) => `${prescriptionId} ${number}`).values()].map((parts) => {
    const days = parts.map(({ releasedAt, daysSupply }) => ({ day: clock.dayOf(releasedAt!), daysSupply: daysSupply ?? null })).sort((a, b) => a.day.localeCompare(b.day))
    const known = days.filter((part): part is { day: string; daysSupply: number } => part.daysSupply !== null)
    if (days.length === 1 || known.length < days.length) return days.at(-1)!
    const daysSupply = known.reduce((sum, part) => sum + part.daysSupply, 0)
    return { day: addDays(runOut(known), -daysSupply), daysSupply }
  })

/** The first day without supply from a prescription and its earlier versions, taken as directed; null while nothing was dispensed. */
export async function supplyUntil(em: EntityManager, chainId: string): Promise<string | null> {
  const fills = await em.find(Fill, { chainId, status: { $nin: [...fillsUndone] }, releasedAt: { $ne: null } }, { orderBy: { releasedAt: 'asc' } })
  const known = pastFills(fills).sort((a, b) => a.day.localeCompare(b.day)).flatMap(({ day, daysSupply }) => (daysSupply === null ? [] : [{ day, daysSupply }]))
  return runOut(known) || null
}
