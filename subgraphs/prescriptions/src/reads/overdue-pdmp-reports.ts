import { clock, type EntityManager } from '@pharmagraph/platform'
import { PdmpZeroReport } from '../entities/pdmp.ts'
import type { Prescription } from '../entities/prescription.ts'
import { citation } from '../regulations/decisions.ts'
import { pdmpReportDue } from '../regulations/reporting.ts'

export type OverdueReport = { state: string; day: string; dueDay: string; fillId: string | null; rule: string; source: string }

/** As far back as reports are looked after. */
const lookBackDays = 60

/** Controlled dispensings and days without one whose programme should have heard of them, the oldest first. */
export async function overduePdmpReports(em: EntityManager): Promise<OverdueReport[]> {
  const today = clock.today()
  const untold = await em.execute<{ id: string; released_at: string; state: string; dea_schedule: Prescription['deaSchedule'] }[]>(
    `select fill.id, fill.released_at, coalesce(fill.destination_state, prescription.patient_state) as state, prescription.dea_schedule
     from fill join prescription on prescription.id = fill.prescription_id left join pdmp_report on pdmp_report.fill_id = fill.id
     where prescription.dea_schedule <> 'NONE' and fill.status <> 'RETURNED_TO_STOCK' and fill.released_at > ?::timestamptz - make_interval(days => ?)
       and pdmp_report.fill_id is null and coalesce(fill.destination_state, prescription.patient_state) is not null`,
    [clock.now(), lookBackDays],
  )
  const dispensings = untold.flatMap(({ id, released_at, state, dea_schedule }): OverdueReport[] => {
    const day = clock.dayOf(new Date(released_at))
    const due = pdmpReportDue(dea_schedule, state, day)
    return due && due.day < today ? [{ state, day, dueDay: due.day, fillId: id, rule: due.rule.id, source: due.rule.source }] : []
  })
  const silent = await em.find(PdmpZeroReport, { reportedAt: null, dueDay: { $lt: today } })
  const days = silent.map(({ state, day, dueDay, rule }): OverdueReport => ({ state, day, dueDay, fillId: null, rule, source: citation(rule).source }))
  return [...dispensings, ...days].sort((a, b) => (a.dueDay < b.dueDay ? -1 : 1))
}
