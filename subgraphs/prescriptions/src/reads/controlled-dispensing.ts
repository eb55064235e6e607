import { clock, invalid, type EntityManager } from '@pharmagraph/platform'
import { monthlyReport, type MonthlyReport } from '../regulations/reporting.ts'

/** What left the pharmacy of controlled substances in a month (YYYY-MM, legal days), for the report of 21 CFR 1304.55. */
export async function controlledDispensing(em: EntityManager, month: string): Promise<MonthlyReport & { complete: boolean }> {
  if (!/^\d{4}-(0[1-9]|1[0-2])$/.test(month) || month < '2009-04') throw invalid('month', 'the month is written YYYY-MM, from 2009-04 on')
  const [counted] = await em.execute<{ prescriptions: number; units: number }[]>(
    `select count(*)::int as prescriptions, coalesce(sum(fill.quantity), 0)::float as units
     from fill join prescription on prescription.id = fill.prescription_id
     where prescription.dea_schedule <> 'NONE' and fill.status <> 'RETURNED_TO_STOCK'
       and to_char(fill.released_at at time zone 'America/Los_Angeles', 'YYYY-MM') = ?`,
    [month],
  )
  return { ...monthlyReport(month, { prescriptions: counted!.prescriptions, dosageUnits: counted!.units }), complete: month < clock.today().slice(0, 7) }
}
