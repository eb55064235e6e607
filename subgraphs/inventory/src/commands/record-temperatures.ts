import { apply, clock, invalid, isId, systemActor, type Actor, type EntityManager } from '@pharmagraph/platform'
import { access } from '../access.ts'
import type { ColdChainReport } from '../cold-chain.ts'
import { Location } from '../entities/location.ts'
import type { RecordTemperaturesInput } from '../generated/resolvers.ts'
import { lotLifecycle } from '../lifecycles/lot.ts'
import { lotExposure } from '../reads/lot-exposure.ts'
import { zoneHistory } from '../reads/zone-history.ts'
import { lockLots } from './book.ts'

/** Keeps a logger's readings, each once, and judges the zone: where it says REJECT, the lots stored there go on hold. */
export async function recordTemperatures(em: EntityManager, actor: Actor, input: RecordTemperaturesInput): Promise<ColdChainReport> {
  access.must(actor, 'temperature:record', undefined)
  const { locationId, storageClass, sensorId, intervalMinutes, readings } = input
  if (!isId(locationId) || !(await em.findOne(Location, { id: locationId }))) throw invalid('locationId', 'this location is not known here')
  if (!/^[\x21-\x7e]{1,50}$/.test(sensorId)) throw invalid('sensorId', 'a sensor has 1 to 50 characters without spaces')
  if (!Number.isInteger(intervalMinutes) || intervalMinutes < 1 || intervalMinutes > 1_440) throw invalid('intervalMinutes', 'a logger measures every 1 to 1440 minutes')
  if (readings.length === 0 || readings.length > 5_000) throw invalid('readings', 'send 1 to 5000 readings at a time')
  const now = clock.now().getTime()
  for (const { at, celsius } of readings) {
    if (!Number.isFinite(celsius) || celsius < -100 || celsius > 100) throw invalid('readings', `${celsius} °C is no temperature of a store`)
    if (at.getTime() > now + 60_000) throw invalid('readings', `a reading of ${at.toISOString()} lies in the future`)
  }
  await em.execute(
    `insert into temperature_reading (sensor_id, at, location_id, storage_class, celsius, interval_minutes)
     select ?, at, ?, ?, celsius, ? from jsonb_to_recordset(?::jsonb) as given (at timestamptz, celsius numeric) on conflict do nothing`,
    [sensorId, locationId, storageClass, intervalMinutes, JSON.stringify(readings)],
  )
  const report = await zoneHistory(em, { locationId, storageClass })
  if (report.disposition === 'REJECT') await holdZone(em, locationId, storageClass)
  return report
}

/** Lots that were there when it happened; what came later is judged by what it has been through. */
async function holdZone(em: EntityManager, locationId: string, storageClass: string): Promise<void> {
  const stored = await em.execute<{ id: string }[]>(
    `select lot.id from lot join drug_fact drug on drug.id = lot.drug_id where lot.location_id = ? and lot.status = 'AVAILABLE' and drug.storage_class = ?`, [locationId, storageClass],
  )
  const lots = await lockLots(em, stored.map(({ id }) => id))
  const exposure = await lotExposure(em, [...lots.keys()])
  for (const lot of lots.values()) {
    const { disposition, reasons } = exposure.get(lot.id)!
    if (lot.status === 'AVAILABLE' && disposition === 'REJECT') apply(em, systemActor('inventory'), lotLifecycle, lot, 'hold', { reason: reasons[0]! })
  }
}
