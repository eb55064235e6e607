import { LockMode } from '@mikro-orm/postgresql'
import { apply, clock, type Job } from '@pharmagraph/platform'
import { endFills } from '../commands/end-fills.ts'
import { Prescription } from '../entities/prescription.ts'
import { prescriptionLifecycle } from '../lifecycles/prescription.ts'

const batch = 200

/** Ends verified and held prescriptions after their last day, and what is under way on them: nothing is dispensed after it. */
export const expirePrescriptions: Job = {
  name: 'expire-prescriptions',
  everyMs: 60_000,
  async run(em, actor) {
    const ended = await em.find(
      Prescription, { status: { $in: ['VERIFIED', 'ON_HOLD'] }, expiryDate: { $lt: clock.today() } }, { limit: batch, orderBy: { id: 'asc' }, lockMode: LockMode.PESSIMISTIC_PARTIAL_WRITE },
    )
    for (const prescription of ended) {
      apply(em, actor, prescriptionLifecycle, prescription, 'expire', { reason: 'PRESCRIPTION_EXPIRED' })
      prescription.statusReasonCode = 'PRESCRIPTION_EXPIRED'
      await endFills(em, prescription.id, { code: 'PRESCRIPTION_EXPIRED', message: `the prescription ended on ${prescription.expiryDate}` })
    }
  },
}
