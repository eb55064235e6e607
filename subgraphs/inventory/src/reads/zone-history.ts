import { clock, type EntityManager } from '@pharmagraph/platform'
import { assess, rules, type ColdChainReport, type Disposition } from '../cold-chain.ts'
import type { StorageClass } from '../entities/temperature-reading.ts'

const severity: readonly Disposition[] = ['OK', 'QA_REVIEW', 'REJECT']

/** How a storage zone did since `since` (by default the window of its class): each logger judged by itself, the worst of them counts. */
export async function zoneHistory(em: EntityManager, { locationId, storageClass, since }: { locationId: string; storageClass: StorageClass; since?: Date | null | undefined }): Promise<ColdChainReport> {
  const from = since ?? new Date(clock.now().getTime() - rules[storageClass].windowHours * 3_600_000)
  const rows = await em.execute<{ sensor_id: string; at: string; celsius: string; interval_minutes: number }[]>(
    'select sensor_id, at, celsius, interval_minutes from temperature_reading where location_id = ? and storage_class = ? and at >= ? order by at', [locationId, storageClass, from],
  )
  const reports = [...Map.groupBy(rows, ({ sensor_id }) => sensor_id).values()].map((readings) =>
    assess(storageClass, readings.map(({ at, celsius }) => ({ at: new Date(at), celsius: Number(celsius) })), readings.at(-1)!.interval_minutes))
  return reports.sort((a, b) => severity.indexOf(b.disposition) - severity.indexOf(a.disposition))[0] ?? assess(storageClass, [], 1)
}
