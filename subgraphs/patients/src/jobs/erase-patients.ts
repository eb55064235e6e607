import { clock, type EntityManager, type Job } from '@pharmagraph/platform'
import { erasePatient } from '../commands/erase-patient.ts'
import { keptUntil, retentionYears } from '../retention.ts'

const batchSize = 50

/** Erases those who asked for it, once nothing in the record must be kept any longer; each in a transaction of its own. */
export const erasePatients: Job = {
  name: 'erase-patients',
  everyMs: 60_000,
  async run(em, actor) {
    const now = clock.now()
    const due = await em.execute<{ id: string; last_entry_at: Date | null }[]>(
      `select r.id, f.last_entry_at from erasure_request r left join record_fact f on f.patient_id = r.patient_id
       where r.status = 'RESTRICTED' and r.not_before <= ? and (f.last_entry_at is null or f.last_entry_at < ?::timestamptz - ?::int * interval '1 year') order by r.id limit ?`,
      [now, now, retentionYears, batchSize],
    )
    for (const { id, last_entry_at: last } of due) {
      if (last && keptUntil(new Date(last)) >= clock.today()) continue
      await em.fork({ clear: true }).transactional((own: EntityManager) => erasePatient(own, actor, id))
    }
  },
}
