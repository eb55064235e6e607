import { LockMode } from '@mikro-orm/postgresql'
import { apply, clock, type Actor, type EntityManager } from '@pharmagraph/platform'
import { access } from '../access.ts'
import type { PrescriptionContent } from '../content.ts'
import type { ClinicalAlert } from '../entities/clinical-alert.ts'
import { DrugFact } from '../entities/facts.ts'
import { Prescription, type PrescriptionState } from '../entities/prescription.ts'
import { isAsVerified, isIntact, signVerified } from '../integrity/prescription.ts'
import { notWhoEnteredData, prescriptionLifecycle } from '../lifecycles/prescription.ts'
import { currentSchedule } from '../reads/current-schedule.ts'
import { fillableOf } from '../reads/fillable.ts'
import { missingElements } from '../reads/missing-elements.ts'
import { mustHaveSecondFactor, refused, separationOfDuties } from '../refusals.ts'
import { originRefusal, refusal, refusalOfIssue, refusalOfSeries, validity, type Refusal } from '../regulations/decisions.ts'
import { emergencyValidity } from '../regulations/emergency.ts'
import { composition } from '../regulations/substitution.ts'
import type { Services } from '../services.ts'
import { completeWorkItem, heldWorkItem, type Held } from './held-work-item.ts'
import { ingredientsOf } from './receive-prescription.ts'
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
  await oneAtATime(em, item.prescriptionId!)
  const prescription = await em.findOneOrFail(Prescription, { id: item.prescriptionId! }, { lockMode: LockMode.PESSIMISTIC_WRITE })
  const samePerson = notWhoEnteredData(prescription, actor)
  if (samePerson) throw separationOfDuties(samePerson.message)

  const content = await services.vault.open<PrescriptionContent>(em, prescription.sealedFor, prescription.sealed)
  const intact = isIntact(services.signer, prescription, content) && (prescription.status !== 'VERIFIED' || isAsVerified(services.signer, prescription))
  if (!intact) throw refused(prescriptionLifecycle, prescription, actor, contentAltered)
  const before = { deaSchedule: prescription.deaSchedule, expiryDate: prescription.expiryDate, expiryRule: prescription.expiryRule }
  const rescheduled = await takeCurrentSchedule(em, prescription)
  mustHaveSecondFactor(actor, prescription.deaSchedule)
  const inTheWay = oralRefusal(prescription) ?? originRefusal(prescription.deaSchedule, prescription.source, clock.today()) ?? refusalOfIssue({ ...fillableOf(prescription, [], prescription.patientState), ingredients: await ingredientsIn(em, prescription) }, clock.today()) ?? (await refusalAmongSeries(em, prescription))
  if (inTheWay) throw refused(prescriptionLifecycle, prescription, actor, inTheWay)

  const openAlerts = await screenPrescription(em, services, prescription)
  const missing = await missingElements(em, prescription, content)
  if (!(await hasSeenPicture(em, actor, prescription))) missing.push('you have not looked at the picture of the prescription')
  if (openAlerts.length || missing.length) {
    // what was verified stays as it was signed until all of it is verified again
    Object.assign(prescription, before)
    return { __typename: 'ReviewIncomplete', code: 'REVIEW_INCOMPLETE', message: 'answer the open alerts and complete what is missing first', missing, openAlerts }
  }
  const again = prescription.status === 'VERIFIED'
  if (again && !rescheduled) {
    // it came back with a finding at a fill, and nothing is open any more
    completeWorkItem(em, actor, item)
    return prescription
  }
  prescription.verifiedBy = actor.subject
  prescription.verifierId = actor.pharmacistId ?? null
  prescription.verifiedAt = clock.now()
  prescription.secondFactorAt = actor.authTime === undefined ? clock.now() : new Date(actor.authTime * 1000)
  signVerified(services.signer, prescription)
  apply(em, actor, prescriptionLifecycle, prescription, again ? 'verifyAgain' : 'verify', again ? { reason: 'SCHEDULE_CHANGED' } : {})
  completeWorkItem(em, actor, item)
  return prescription
}

/** Two verifications of one patient wait for each other: each screens with what the other made active, and series are counted whole. */
async function oneAtATime(em: EntityManager, prescriptionId: string): Promise<void> {
  await em.execute(`select pg_advisory_xact_lock(hashtext('verify:' || patient_id)) from prescription where id = ? and patient_id is not null`, [prescriptionId])
}

/** Brings a prescription under the rules of the schedule its drug is in today. Answers whether that is another one. */
async function takeCurrentSchedule(em: EntityManager, prescription: Prescription): Promise<boolean> {
  const schedule = await currentSchedule(em, prescription)
  if (schedule === prescription.deaSchedule) return false
  const { lastDay, rule } = prescription.oralAuthorisedAt ? emergencyValidity(prescription.oralAuthorisedAt) : validity(schedule, prescription.issueDate, { state: prescription.patientState, earliestFillDate: prescription.earliestFillDate })
  Object.assign(prescription, { deaSchedule: schedule, expiryDate: lastDay, expiryRule: rule.id })
  return true
}

const ingredientsIn = async (em: EntityManager, { drugId }: Prescription): Promise<string[]> => ingredientsOf(drugId ? await em.findOne(DrugFact, { drugId }) : null)

/** An oral order is for the emergency: nobody verifies it afterwards. */
const oralRefusal = ({ oralAuthorisedAt, expiryDate }: Prescription): Refusal | undefined =>
  oralAuthorisedAt && clock.today() > expiryDate ? refusal('PRESCRIPTION_EXPIRED', `The oral order ended on ${expiryDate}`, emergencyValidity(oralAuthorisedAt).rule) : undefined

/** 21 CFR 1306.08(d): a prescription altered after it was signed is not to be dispensed. */
export const contentAltered = { code: 'CONTENT_ALTERED', message: 'the prescription is no longer what was submitted: it must not be dispensed' }

/** A schedule II prescription not yet ended by somebody, whose supply the patient has or may have. */
const ofSeries: readonly PrescriptionState[] = ['VERIFIED', 'ON_HOLD', 'DEPLETED', 'TRANSFERRED_OUT', 'EXPIRED']

/** The prescriber may write several schedule II prescriptions of one drug, strength and form at once, whoever makes it: for a limited supply in all, each but the first with the day before which it waits. */
async function refusalAmongSeries(em: EntityManager, { id, patientId, practitionerId, drugId, issueDate, deaSchedule, daysSupply, earliestFillDate }: Prescription) {
  if (deaSchedule !== 'CII' || !patientId || !practitionerId || !drugId) return undefined
  const sameDay = await em.find(Prescription, { patientId, practitionerId, drugId: { $ne: null }, issueDate, deaSchedule, id: { $ne: id }, status: { $in: [...ofSeries] } })
  const drugs = new Map((await em.find(DrugFact, { drugId: { $in: [drugId, ...sameDay.map((other) => other.drugId!)] } })).map((drug) => [drug.drugId, composition(drug)]))
  const others = sameDay.filter((other) => other.drugId === drugId || (drugs.has(drugId) && drugs.get(other.drugId!) === drugs.get(drugId)))
  return refusalOfSeries(deaSchedule, issueDate, [...others, { daysSupply, earliestFillDate }].map((one) => ({ daysSupply: one.daysSupply ?? 0, earliestFillDate: one.earliestFillDate ?? null })))
}
