import { clock, type EntityManager } from '@pharmagraph/platform'
import { assess, type ColdChainReport, type Disposition } from '../cold-chain.ts'
import type { StorageClass } from '../entities/temperature-reading.ts'

const severity: readonly Disposition[] = ['OK', 'QA_REVIEW', 'REJECT']
/** Older readings say nothing more about what is on the shelf. */
const lookBackMs = 365 * 86_400_000

/**
 * What each lot has been through since it came to its place: the readings of its zone from then on, each logger judged
 * by itself, the worst of them. A lot that came after an excursion is not touched by it. One statement for all lots.
 */
export async function lotExposure(em: EntityManager, lotIds: readonly string[]): Promise<Map<string, ColdChainReport>> {
  const rows = await em.execute<{ id: string; storage_class: StorageClass; sensor_id: string | null; at: string; celsius: string; interval_minutes: number }[]>(
    `select lot.id, drug.storage_class, reading.sensor_id, reading.at, reading.celsius, reading.interval_minutes
     from lot join drug_fact drug on drug.id = lot.drug_id
     left join temperature_reading reading on reading.location_id = lot.location_id and reading.storage_class = drug.storage_class and reading.at >= greatest(lot.received_at, ?)
     where lot.id = any(?::uuid[]) order by reading.at`,
    [new Date(clock.now().getTime() - lookBackMs), `{${lotIds.join(',')}}`],
  )
  const byLot = Map.groupBy(rows, ({ id }) => id)
  return new Map([...byLot].map(([id, readings]) => {
    const measured = readings.filter(({ sensor_id }) => sensor_id !== null)
    const reports = [...Map.groupBy(measured, ({ sensor_id }) => sensor_id).values()].map((one) =>
      assess(one[0]!.storage_class, one.map(({ at, celsius }) => ({ at: new Date(at), celsius: Number(celsius) })), one.at(-1)!.interval_minutes))
    reports.sort((a, b) => severity.indexOf(b.disposition) - severity.indexOf(a.disposition))
    return [id, reports[0] ?? assess(readings[0]!.storage_class, [], 1)]
  }))
}
