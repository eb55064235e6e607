import { addDays, clock, type EntityManager } from '@pharmagraph/platform'
import { availabilityCache, type DrugAvailability } from '../availability-cache.ts'
import { policyToday } from './policy.ts'

/** Free units of each drug that still keep for the usual supply and the minimum dating; one statement for all drugs. */
export async function availabilityOf(em: EntityManager, drugIds: readonly string[]): Promise<DrugAvailability[]> {
  const policy = await policyToday(em)
  const keepsUntil = addDays(clock.today(), policy.MINIMUM_DATING_DAYS + policy.DEFAULT_DAYS_SUPPLY)
  const rows = await em.execute<{ drug_id: string; free: string; package_size: string | null }[]>(
    `select lot.drug_id, sum(lot.quantity_on_hand - lot.quantity_reserved) as free, max(fact.package_size) as package_size
     from lot left join drug_fact fact on fact.id = lot.drug_id
     where lot.drug_id = any(?::uuid[]) and lot.status = 'AVAILABLE' and lot.expiry_date >= ?
     group by lot.drug_id`,
    [`{${drugIds.join(',')}}`, keepsUntil],
  )
  const found = new Map(rows.map((row) => [row.drug_id, row]))
  const asOf = clock.now()
  return drugIds.map((id) => {
    const row = found.get(id)
    const quantityAvailable = Number(row?.free ?? 0)
    const low = policy.LOW_STOCK_PACKAGES * Number(row?.package_size ?? 1)
    return { status: quantityAvailable === 0 ? 'OUT_OF_STOCK' : quantityAvailable < low ? 'LOW' : 'IN_STOCK', quantityAvailable, asOf }
  })
}

/** The same, from memory where it was read within the staleness bound. */
export async function recentAvailabilityOf(em: EntityManager, drugIds: readonly string[]): Promise<DrugAvailability[]> {
  const known = new Map(drugIds.map((id) => [id, availabilityCache.get(id)]))
  const missing = drugIds.filter((id) => known.get(id) === undefined)
  if (missing.length) {
    const readAt = clock.now().getTime()
    for (const [index, answer] of (await availabilityOf(em, missing)).entries()) {
      known.set(missing[index]!, answer)
      availabilityCache.keep(missing[index]!, answer, readAt)
    }
  }
  return drugIds.map((id) => known.get(id)!)
}
