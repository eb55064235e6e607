import { clock, invalid, isId, type Actor, type EntityManager } from '@pharmagraph/platform'
import { access } from '../access.ts'
import { ClinicalAlert } from '../entities/clinical-alert.ts'
import { isControlled, Prescription } from '../entities/prescription.ts'
import { mustHaveSecondFactor } from '../refusals.ts'
import { needsTwo } from '../screening/findings.ts'
import { checkOverride } from '../screening/codes.ts'
import type { Services } from '../services.ts'
import { completeWorkItem, heldWorkItem, type Held } from './held-work-item.ts'

export type Override = Held & { alertId: string; professionalService: string; result: string; text: string }

/** A pharmacist answers an alert: what was done about it, and why the prescription may go on as written. A contraindication stays open until a second one agrees. */
export async function overrideAlert(em: EntityManager, actor: Actor, { vault }: Services, input: Override): Promise<Prescription> {
  access.must(actor, 'review:decide', undefined)
  const item = await heldWorkItem(em, actor, input, 'VERIFICATION')
  const prescription = await em.findOneOrFail(Prescription, { id: item.prescriptionId! })
  const alert = isId(input.alertId) ? await em.findOne(ClinicalAlert, { id: input.alertId, prescriptionId: prescription.id }) : null
  if (!alert) throw invalid('alertId', 'the prescription has no such alert')
  if (alert.overriddenBy === actor.subject && alert.professionalService === input.professionalService && alert.result === input.result) return prescription
  if (alert.overriddenBy && alert.open) throw invalid('alertId', 'the alert is answered and waits for a second pharmacist')
  if (!alert.open) throw invalid('alertId', 'the alert is not open')
  if (isControlled(prescription.deaSchedule)) mustHaveSecondFactor(actor, prescription.deaSchedule)
  checkOverride(alert.severity, input)
  const { professionalService, result, text } = input
  Object.assign(alert, {
    open: needsTwo(alert.severity), professionalService, result, overrideSealed: await vault.seal(em, alert.sealedFor, text),
    overriddenBy: actor.subject, overriddenById: actor.pharmacistId ?? null, overriddenAt: clock.now(),
  })
  await em.flush()
  // an alert found at a fill of a verified prescription: with the last answer the review is done
  if (prescription.status === 'VERIFIED' && !(await em.count(ClinicalAlert, { prescriptionId: prescription.id, open: true }))) completeWorkItem(em, actor, item)
  return prescription
}
