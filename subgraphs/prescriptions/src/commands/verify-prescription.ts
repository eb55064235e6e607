import { LockMode } from '@mikro-orm/postgresql'
import { apply, clock, type Actor, type EntityManager } from '@pharmagraph/platform'
import { access } from '../access.ts'
import type { PrescriptionContent } from '../content.ts'
import type { ClinicalAlert } from '../entities/clinical-alert.ts'
import { Prescription } from '../entities/prescription.ts'
import { isIntact, signVerified } from '../integrity/prescription.ts'
import { notWhoEnteredData, prescriptionLifecycle } from '../lifecycles/prescription.ts'
import { fillableOf } from '../reads/fillable.ts'
import { missingElements } from '../reads/missing-elements.ts'
import { mustHaveSecondFactor, refused, separationOfDuties } from '../refusals.ts'
import { originRefusal, refusalOfIssue, refusalOfSeries } from '../regulations/decisions.ts'
import type { Services } from '../services.ts'
import { completeWorkItem, heldWorkItem, type Held } from './held-work-item.ts'
import { screenPrescription } from './screen-prescription.ts'
import { hasSeenPicture } from './view-picture.ts'

export type ReviewIncomplete = { __typename: 'ReviewIncomplete'; code: string; message: string; missing: string[]; openAlerts: ClinicalAlert[] }

/**
 * The pharmacist's verification: content unchanged since it came, complete, lawful, and every alert answered. What is
 * still open is returned, not thrown, because alerts found just now must stay on record.
 */
export async function verifyPrescription(em: EntityManager, actor: Actor, services: Services, input: Held): Promise<Prescription | ReviewIncomplete> {
  access.must(actor, 'review:decide', undefined)
  const item = await heldWorkItem(em, actor, input, 'VERIFICATION')
  const prescription = await em.findOneOrFail(Prescription, { id: item.prescriptionId! }, { lockMode: LockMode.PESSIMISTIC_WRITE })
  const samePerson = notWhoEnteredData(prescription, actor)
  if (samePerson) throw separationOfDuties(samePerson.message)
  mustHaveSecondFactor(actor, prescription.deaSchedule)

  const content = await services.vault.open<PrescriptionContent>(em, prescription.sealedFor, prescription.sealed)
  if (!isIntact(services.signer, prescription, content)) throw refused(prescriptionLifecycle, prescription, actor, contentAltered)
  const refusal = originRefusal(prescription.deaSchedule, prescription.source, clock.today()) ?? refusalOfIssue(fillableOf(prescription, [], prescription.patientState), clock.today()) ?? (await refusalAmongSeries(em, prescription))
  if (refusal) throw refused(prescriptionLifecycle, prescription, actor, refusal)

  const openAlerts = await screenPrescription(em, services, prescription)
  const missing = await missingElements(em, prescription, content)
  if (!(await hasSeenPicture(em, actor, prescription))) missing.push('you have not looked at the picture of the prescription')
  if (openAlerts.length || missing.length) {
    return { __typename: 'ReviewIncomplete', code: 'REVIEW_INCOMPLETE', message: 'answer the open alerts and complete what is missing first', missing, openAlerts }
  }
  if (prescription.status === 'VERIFIED') {
    // it came back with a finding at a fill, and nothing is open any more
    completeWorkItem(em, actor, item)
    return prescription
  }
  prescription.verifiedBy = actor.subject
  prescription.verifierId = actor.pharmacistId ?? null
  prescription.verifiedAt = clock.now()
  prescription.secondFactorAt = actor.authTime === undefined ? clock.now() : new Date(actor.authTime * 1000)
  signVerified(services.signer, prescription)
  apply(em, actor, prescriptionLifecycle, prescription, 'verify')
  completeWorkItem(em, actor, item)
  return prescription
}

/** 21 CFR 1306.08(d): a prescription altered after it was signed is not to be dispensed. */
export const contentAltered = { code: 'CONTENT_ALTERED', message: 'the prescription is no longer what was submitted: it must not be dispensed' }

/** The prescriber may write several schedule II prescriptions at once, for a limited supply in all. */
async function refusalAmongSeries(em: EntityManager, { id, patientId, practitionerId, drugId, issueDate, deaSchedule, daysSupply }: Prescription) {
  if (deaSchedule !== 'CII' || !patientId || !practitionerId || !drugId) return undefined
  const others = await em.find(Prescription, { patientId, practitionerId, drugId, issueDate, id: { $ne: id }, status: { $in: ['VERIFIED', 'DEPLETED'] } })
  return refusalOfSeries(deaSchedule, issueDate, [...others.map((other) => other.daysSupply ?? 0), daysSupply ?? 0])
}
