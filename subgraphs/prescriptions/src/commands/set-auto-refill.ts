import { LockMode } from '@mikro-orm/postgresql'
import { isId, notFound, type Actor, type EntityManager } from '@pharmagraph/platform'
import { access, visiblePrescriptions } from '../access.ts'
import { PatientFact } from '../entities/facts.ts'
import { Prescription } from '../entities/prescription.ts'
import { prescriptionLifecycle } from '../lifecycles/prescription.ts'
import { refused } from '../refusals.ts'
import { withdrawAutoRefills } from './request-refill.ts'

/** Refills are asked for by themselves from now on, or no longer: one that waits for its order is taken back then. Off by default; needs the patient's consent to just that; schedule II has no refills. */
export async function setAutoRefill(em: EntityManager, actor: Actor, { prescriptionId, enabled }: { prescriptionId: string; enabled: boolean }): Promise<Prescription> {
  access.must(actor, 'refill:request', undefined)
  const prescription = isId(prescriptionId) ? await em.findOne(Prescription, { $and: [{ id: prescriptionId }, visiblePrescriptions(actor, 'ORDER')] }, { lockMode: LockMode.PESSIMISTIC_WRITE }) : null
  if (!prescription?.patientId) throw notFound('prescription')
  if (enabled) {
    const refuse = (code: string, message: string) => refused(prescriptionLifecycle, prescription, actor, { code, message })
    if (prescription.deaSchedule === 'CII') throw refuse('CII_NO_REFILLS', 'A schedule II prescription has no refills (21 CFR 1306.12(a))')
    if (!(await em.findOne(PatientFact, { patientId: prescription.patientId }))?.autoRefillConsent) throw refuse('CONSENT_MISSING', 'automatic refills need the consent AUTO_REFILL')
    if (!['VERIFIED', 'ON_HOLD'].includes(prescription.status)) throw refuse('NOT_VERIFIED', `the prescription is ${prescription.status}`)
  }
  prescription.autoRefill = enabled
  if (!enabled) await withdrawAutoRefills(em, actor, { prescriptionId }, 'AUTO_REFILL_OFF')
  return prescription
}
