import { clock, type Job } from '@pharmagraph/platform'

const keptDays = 30

/**
 * What a refused line of an import says is kept for its sender's questions, then only that it was refused, and why: it lies
 * under the import's key, which no patient's erasure reaches.
 */
export const forgetImportLines: Job = {
  name: 'forget-import-lines',
  everyMs: 60 * 60_000,
  async run(em) {
    await em.execute(
      `update bulk_import_line line set sealed = null, retryable = false from bulk_import bulk
       where bulk.id = line.import_id and line.sealed is not null and line.status <> 'WAITING' and bulk.finished_at < ?::timestamptz - ?::int * interval '1 day'`,
      [clock.now(), keptDays],
    )
  },
}
