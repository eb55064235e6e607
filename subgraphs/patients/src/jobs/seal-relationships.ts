import type { JobWithServices } from '@pharmagraph/platform'
import { LockMode } from '@mikro-orm/postgresql'
import { Delegation } from '../entities/delegation.ts'
import { openAll } from '../opened.ts'
import type { Services } from '../services.ts'

const batchSize = 100

/** Seals what caregivers are to their patients in rows of before that was sealed; nothing to do from then on. */
export const sealRelationships: JobWithServices<Services> = {
  name: 'seal-relationships',
  everyMs: 60_000,
  async run(em, _actor, { services: { vault } }) {
    const rows = await em.find(Delegation, { relationship: { $ne: null } }, { orderBy: { id: 'asc' }, limit: batchSize, lockMode: LockMode.PESSIMISTIC_WRITE })
    const opened = new Map((await openAll<Delegation, { name: string }>(em, vault, rows)).map(({ id, name }) => [id, name]))
    for (const row of rows) {
      const [name, { relationship, patientId }] = [opened.get(row.id), row]
      // an erased patient's is not sealed again, only taken out
      if (name !== undefined) row.sealed = await vault.seal(em, patientId, { name, relationship })
      row.relationship = null
    }
  },
}
