import type { EntityManager } from '@pharmagraph/platform'
import { DrugFact } from '../entities/facts.ts'
import type { DeaSchedule, Prescription } from '../entities/prescription.ts'

/** The drug's schedule as the catalog has it now: what was received or verified may have been put into another one since. */
export async function currentSchedule(em: EntityManager, { drugId, deaSchedule }: Pick<Prescription, 'drugId' | 'deaSchedule'>): Promise<DeaSchedule> {
  const drug = drugId ? await em.findOne(DrugFact, { drugId }) : null
  return drug?.deaSchedule ?? deaSchedule
}

export const scheduleChanged = (from: DeaSchedule, to: DeaSchedule): { code: string; message: string } => ({
  code: 'SCHEDULE_CHANGED', message: `the drug was ${inWords(from)} when a pharmacist verified the prescription and is ${inWords(to)} now: a pharmacist looks at it again (21 CFR 1308)`,
})
const inWords = (schedule: DeaSchedule): string => (schedule === 'NONE' ? 'not controlled' : `in schedule ${schedule.slice(1)}`)
