import { addDays, clock, emit, type Job } from '@pharmagraph/platform'
import { overduePdmpReports } from '../reads/overdue-pdmp-reports.ts'
import { pdmpReportDue } from '../regulations/reporting.ts'
import { ruledStates } from '../regulations/rules.ts'

/** So many past days are looked at, for a pharmacy that was closed over a long weekend. */
const daysBack = 5

/** Tells of days without a controlled dispensing where a state wants to hear of them, and has what was not told in time told again. */
export const lookAfterPdmpReports: Job = {
  name: 'look-after-pdmp-reports',
  everyMs: 15 * 60_000,
  async run(em, actor) {
    const today = clock.today()
    for (const state of ruledStates) {
      for (let back = 1; back <= daysBack; back++) {
        const day = addDays(today, -back)
        const due = pdmpReportDue('CII', state, day)
        if (!due?.rule.parameters.zeroReports) continue
        const [dispensed] = await em.execute<unknown[]>(
          `select 1 from fill join prescription on prescription.id = fill.prescription_id
           where prescription.dea_schedule <> 'NONE' and coalesce(fill.destination_state, prescription.patient_state) = ?
             and to_char(fill.released_at at time zone 'America/Los_Angeles', 'YYYY-MM-DD') = ? limit 1`, [state, day])
        if (dispensed) continue
        const [fresh] = await em.execute<unknown[]>(
          'insert into pdmp_zero_report (state, day, due_day, rule) values (?, ?, ?, ?) on conflict do nothing returning day', [state, day, due.day, due.rule.id])
        if (fresh) emit(em, actor, 'prescriptions.pdmp-report-due.v1', `${state}-${day}`, { state, day, fillId: null, dueDay: due.day, overdue: false })
      }
    }
    await em.flush()
    for (const { state, day, fillId, dueDay } of await overduePdmpReports(em)) {
      // told once a day until it is done
      const [told] = await em.execute<unknown[]>(
        `select 1 from outbox where type = 'prescriptions.pdmp-report-due.v1' and subject = ? and time > ?::timestamptz - interval '1 day' limit 1`, [fillId ?? `${state}-${day}`, clock.now()])
      if (!told) emit(em, actor, 'prescriptions.pdmp-report-due.v1', fillId ?? `${state}-${day}`, { state, day, fillId, dueDay, overdue: true })
    }
  },
}
