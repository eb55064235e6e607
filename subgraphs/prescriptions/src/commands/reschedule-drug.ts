import { LockMode } from '@mikro-orm/postgresql'
import { systemActor, type EntityManager } from '@pharmagraph/platform'
import { Fill, fillsUnderWay } from '../entities/fill.ts'
import { Prescription } from '../entities/prescription.ts'
import { currentSchedule, scheduleChanged } from '../reads/current-schedule.ts'
import { endFills } from './end-fills.ts'
import { reviewAgain } from './request-fill.ts'

/** The catalog put a drug into another schedule: its fills under way end, and their prescriptions come back to a pharmacist. The others do with their next fill. */
export async function rescheduleDrug(em: EntityManager, drugId: string): Promise<void> {
  const fills = await em.find(Fill, { status: { $in: [...fillsUnderWay] }, drugId })
  const prescriptions = await em.find(Prescription, { id: { $in: fills.map(({ prescriptionId }) => prescriptionId) } }, { orderBy: { id: 'asc' }, lockMode: LockMode.PESSIMISTIC_WRITE })
  for (const prescription of prescriptions) {
    const schedule = await currentSchedule(em, prescription)
    if (schedule === prescription.deaSchedule) continue
    await endFills(em, prescription.id, scheduleChanged(prescription.deaSchedule, schedule))
    if (prescription.status === 'VERIFIED') await reviewAgain(em, systemActor('prescriptions'), prescription)
  }
}
