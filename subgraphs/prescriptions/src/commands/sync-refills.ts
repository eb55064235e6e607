import { LockMode } from '@mikro-orm/postgresql'
import { apply, clock, invalid, isId, notFound, systemActor, type Actor, type EntityManager } from '@pharmagraph/platform'
import { access, visiblePrescriptions } from '../access.ts'
import { isDay } from '../content.ts'
import { Prescription, refillsRemaining } from '../entities/prescription.ts'
import { prescriptionLifecycle } from '../lifecycles/prescription.ts'
import { anchorOf, planSync, type SyncCandidate, type SyncStep } from '../reads/plan-sync.ts'
import { openRefill } from './request-refill.ts'

const most = 20

/** Brings a patient's prescriptions to one day: short fills are noted on the prescriptions that need one, and every step is asked for as a refill. */
export async function syncRefills(em: EntityManager, actor: Actor, { prescriptionIds, anchor }: { prescriptionIds: readonly string[]; anchor?: string | null | undefined }): Promise<{ anchor: string; steps: SyncStep[] }> {
  access.must(actor, 'refill:request', undefined)
  const ids = [...new Set(prescriptionIds)]
  if (ids.length < 2 || ids.length > most || !ids.every(isId)) throw invalid('prescriptionIds', `name 2 to ${most} prescriptions`)
  const found = await em.find(Prescription, { $and: [{ id: { $in: ids } }, visiblePrescriptions(actor, 'ORDER')] }, { orderBy: { id: 'asc' }, lockMode: LockMode.PESSIMISTIC_WRITE })
  if (found.length < ids.length) throw notFound('prescription')
  if (new Set(found.map(({ patientId }) => patientId)).size > 1 || !found[0]!.patientId) throw invalid('prescriptionIds', 'the prescriptions are of several patients')
  const today = clock.today()
  const candidates = found.map((prescription): SyncCandidate => ({ ...plainOf(prescription), refillsLeft: refillsRemaining(prescription) + (prescription.fillsReleased === 0 ? 1 : 0) }))
  const day = anchor ?? anchorOf(candidates, today)
  if (!isDay(day) || day < today) throw invalid('anchor', 'the day to bring them to must be a day from today on')
  const steps = planSync(candidates, day, today)
  for (const { prescriptionId, action, quantity } of steps) {
    const prescription = found.find(({ id }) => id === prescriptionId)!
    if (action === 'LEFT_OUT') continue
    if (action === 'SHORT_FILL') {
      prescription.nextQuantity = quantity
      apply(em, systemActor('prescriptions'), prescriptionLifecycle, prescription, 'owe', { reason: 'SHORT_FILL_TO_SYNC' })
      await em.flush()
    }
    await openRefill(em, actor, prescription, 'MED_SYNC')
  }
  return { anchor: day, steps }
}

const plainOf = ({ id, status, deaSchedule, quantity, daysSupply, supplyUntil, nextQuantity }: Prescription): Omit<SyncCandidate, 'refillsLeft'> => ({ id, status, deaSchedule, quantity, daysSupply, supplyUntil, nextQuantity })
