import { LockMode } from '@mikro-orm/postgresql'
import { clock, invalid, isId, notFound, type Actor, type EntityManager } from '@pharmagraph/platform'
import { access } from '../access.ts'
import { ClinicalAlert } from '../entities/clinical-alert.ts'
import { isControlled, Prescription } from '../entities/prescription.ts'
import { mustHaveSecondFactor, separationOfDuties } from '../refusals.ts'
import { needsTwo } from '../screening/findings.ts'

/** The second pharmacist, who does not hold the item, agrees to what the first answered to a contraindication. */
export async function confirmOverride(em: EntityManager, actor: Actor, { alertId }: { alertId: string }): Promise<Prescription> {
  access.must(actor, 'review:decide', undefined)
  const alert = isId(alertId) ? await em.findOne(ClinicalAlert, { id: alertId }, { lockMode: LockMode.PESSIMISTIC_WRITE }) : null
  if (!alert) throw notFound('alert')
  const prescription = await em.findOneOrFail(Prescription, { id: alert.prescriptionId })
  if (alert.confirmedBy === actor.subject) return prescription
  if (!needsTwo(alert.severity) || !alert.open || !alert.overriddenBy) throw invalid('alertId', 'the alert does not wait for a second pharmacist')
  if (isControlled(prescription.deaSchedule)) mustHaveSecondFactor(actor, prescription.deaSchedule)
  if (alert.overriddenBy === actor.subject) throw separationOfDuties('another pharmacist than the one who answered must agree')
  if (prescription.enteredBy === actor.subject) throw separationOfDuties('who entered the data may not agree to it')
  Object.assign(alert, { open: false, confirmedBy: actor.subject, confirmedById: actor.pharmacistId ?? null, confirmedAt: clock.now() })
  return prescription
}
