import { LockMode } from '@mikro-orm/postgresql'
import { apply, clock, type Job } from '@pharmagraph/platform'
import { EmergencyFollowUp } from '../entities/emergency-follow-up.ts'
import { Prescription, type PrescriptionState } from '../entities/prescription.ts'
import { emergencyFollowUpLifecycle } from '../lifecycles/emergency-follow-up.ts'

const batch = 200
/** Something may still leave on it. */
const live: readonly PrescriptionState[] = ['RECEIVED', 'DATA_ENTRY', 'CLINICAL_REVIEW', 'CLARIFICATION', 'VERIFIED', 'ON_HOLD']

/** After its hour the order that must follow an oral one is overdue (21 CFR 1306.11(d)(4)); where nothing was dispensed it is not needed. */
export const watchEmergencyFollowUps: Job = {
  name: 'watch-emergency-follow-ups',
  everyMs: 60_000,
  async run(em, actor) {
    const late = await em.find(EmergencyFollowUp, { status: 'AWAITED', dueAt: { $lt: clock.now() } }, { limit: batch, orderBy: { dueAt: 'asc' } })
    for (const { id, prescriptionId } of late) {
      const oral = await em.findOneOrFail(Prescription, { id: prescriptionId }, { lockMode: LockMode.PESSIMISTIC_WRITE })
      const followUp = await em.findOne(EmergencyFollowUp, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE })
      if (followUp?.status !== 'AWAITED') continue
      if (oral.fillsReleased > 0) apply(em, actor, emergencyFollowUpLifecycle, followUp, 'miss', { reason: 'NOT_RECEIVED' })
      else if (!live.includes(oral.status) || clock.today() > oral.expiryDate) apply(em, actor, emergencyFollowUpLifecycle, followUp, 'drop', { reason: 'NOTHING_DISPENSED' })
    }
  },
}
