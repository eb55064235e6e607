import { LockMode } from '@mikro-orm/postgresql'
import { clock, type Job } from '@pharmagraph/platform'
import { resume } from '../commands/hold-prescription.ts'
import { Prescription } from '../entities/prescription.ts'

const batch = 200

/** Lifts holds on the day their pharmacist set. */
export const resumePrescriptions: Job = {
  name: 'resume-prescriptions',
  everyMs: 60_000,
  async run(em, actor) {
    const due = await em.find(
      Prescription, { status: 'ON_HOLD', resumeOn: { $lte: clock.today() } }, { limit: batch, orderBy: { id: 'asc' }, lockMode: LockMode.PESSIMISTIC_PARTIAL_WRITE },
    )
    for (const prescription of due) resume(em, actor, prescription)
  },
}
