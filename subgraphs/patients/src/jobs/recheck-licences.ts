import { AppError, clock, type EntityManager, type Job } from '@pharmagraph/platform'
import { recordLicenceCheck, type Checked } from '../commands/record-licence-check.ts'
import { Licence } from '../entities/practitioner.ts'
import { services } from '../services.ts'

const batchSize = 50

/**
 * Asks the register of the state about every licence once a day, and again soon where it did not answer. Like the
 * sending of notifications, it calls out with no row locked and records in transactions of its own.
 */
export const recheckLicences: Job = {
  name: 'recheck-licences',
  everyMs: 60_000,
  async run(em, actor) {
    // one whose last day has passed is looked at now, not when its daily check comes
    const passed = { status: 'ACTIVE' as const, expiresOn: { $lt: clock.today() } }
    const due = await em.find(Licence, { $or: [{ checkDueAt: { $lte: clock.now() } }, passed] }, { orderBy: { checkDueAt: 'asc' }, limit: batchSize })
    for (const [practitionerId, licences] of Map.groupBy(due, (licence) => licence.practitionerId)) {
      const checked = await Promise.all(licences.map(ask))
      await em.fork({ clear: true }).transactional((own: EntityManager) => recordLicenceCheck(own, actor, practitionerId, checked))
    }
  },
}

async function ask({ id, number, state }: Licence): Promise<Checked> {
  try {
    return { id, answer: (await services().licenceRegister.find({ number, state })) ?? 'UNKNOWN' }
  } catch (error) {
    if (error instanceof AppError && error.code === 'UNAVAILABLE') return { id, answer: 'NO_ANSWER' }
    throw error
  }
}
