import { clock, type EntityManager, type Job } from '@pharmagraph/platform'
import { endEmergencyAccess } from '../commands/end-emergency-access.ts'
import { EmergencyAccess } from '../entities/emergency-access.ts'

/** Ends what has lasted its hour. Reads ask the clock themselves; this tells the others, and puts it before compliance. */
export const endEmergencyAccesses: Job = {
  name: 'end-emergency-accesses',
  everyMs: 15_000,
  async run(em, actor) {
    const over = await em.find(EmergencyAccess, { status: 'ACTIVE', expiresAt: { $lte: clock.now() } }, { fields: ['id'], limit: 50, orderBy: { id: 'asc' } })
    for (const { id } of over) await em.fork({ clear: true }).transactional((own: EntityManager) => endEmergencyAccess(own, actor, id))
  },
}
