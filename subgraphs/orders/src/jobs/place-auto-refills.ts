import { clock, createLogger, type EntityManager, type Job } from '@pharmagraph/platform'
import { placeAutoRefill } from '../commands/auto-refill.ts'
import { AutoRefill } from '../entities/auto-refill.ts'

/** Orders the automatic refills whose day has come, each in a transaction of its own, so that one that fails holds up no other. */
export const placeAutoRefills: Job = {
  name: 'place-auto-refills',
  everyMs: 15_000,
  async run(em, actor) {
    const due = await em.find(AutoRefill, { status: 'SCHEDULED', orderOn: { $lte: clock.today() } }, { fields: ['id'], orderBy: { orderOn: 'asc', id: 'asc' }, limit: 100 })
    for (const { id } of due) {
      try {
        await em.fork({ clear: true }).transactional((own: EntityManager) => placeAutoRefill(own, actor, id))
      } catch (error) {
        createLogger('orders').error({ err: error, autoRefillId: id }, 'an automatic refill could not be ordered, will be tried again')
      }
    }
  },
}
