import type { Job } from '@pharmagraph/platform'
import { services } from '../services.ts'

const batchSize = 500

/** Brings data keys under the current key-encryption key, some at a time; what they seal is not touched. */
export const rewrapDataKeys: Job = {
  name: 'rewrap-data-keys',
  everyMs: 5_000,
  async run(em) {
    const { keyProvider } = services()
    const stale = await em.execute<{ subject_id: string; wrapped: string; kek_version: number }[]>(
      'select subject_id, wrapped, kek_version from data_key where wrapped is not null and kek_version <> ? order by subject_id limit ?', [keyProvider.version, batchSize],
    )
    for (const { subject_id: id, wrapped, kek_version: version } of stale) {
      const again = await keyProvider.wrap(await keyProvider.unwrap(wrapped, version))
      // a key destroyed or wrapped anew in the meantime stays as it is
      await em.execute('update data_key set wrapped = ?, kek_version = ? where subject_id = ? and wrapped = ?', [again, keyProvider.version, id, wrapped])
    }
  },
}
