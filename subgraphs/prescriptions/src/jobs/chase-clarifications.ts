import { LockMode } from '@mikro-orm/postgresql'
import { clock, type Job } from '@pharmagraph/platform'
import { takeAnswer } from '../commands/answer-clarification.ts'
import { Prescription } from '../entities/prescription.ts'
import { services } from '../services.ts'

const batch = 100
/** So many days a question waits for its prescriber; then the pharmacist asks again, or rejects. */
export const answerDays = 3

/** Questions without an answer bring their prescriptions back to the pharmacists: nothing waits forever. */
export const chaseClarifications: Job = {
  name: 'chase-clarifications',
  everyMs: 60_000,
  async run(em, actor) {
    const silent = await em.execute<{ id: string }[]>(
      `select id from prescription where status = 'CLARIFICATION'
       and (select max(at) from transition where subject_id = prescription.id and verb = 'requestClarification') < ?::timestamptz - make_interval(days => ?) order by id limit ?`,
      [clock.now(), answerDays, batch])
    const waiting = await em.find(Prescription, { id: { $in: silent.map(({ id }) => id) }, status: 'CLARIFICATION' }, { orderBy: { id: 'asc' }, lockMode: LockMode.PESSIMISTIC_PARTIAL_WRITE })
    for (const prescription of waiting) await takeAnswer(em, actor, services(), prescription, { reason: 'CLARIFICATION_UNANSWERED', code: 'CLARIFICATION_UNANSWERED' })
  },
}
