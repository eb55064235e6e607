/** What is said to a monitoring programme, of what lies sealed here. It goes into the port's call and nowhere else. */
import { AppError, clock, type EntityManager } from '@pharmagraph/platform'
import type { ClinicalProfile } from '../clinical-profile.ts'
import type { PrescriptionContent } from '../content.ts'
import { ClinicalProfileFact, DrugFact, PractitionerFact } from '../entities/facts.ts'
import { Fill } from '../entities/fill.ts'
import type { Prescription } from '../entities/prescription.ts'
import { stateCode } from '../reads/fillable.ts'
import type { Services } from '../services.ts'
import type { PdmpDispensing, PdmpPatient } from './port.ts'

/**
 * The patient as the prescriber wrote them, completed from our file. Throws UNAVAILABLE while name or day of birth is not known:
 * no programme finds a person without them, and the file may be on its way.
 */
export async function pdmpPatient(em: EntityManager, { vault }: Services, prescription: Prescription): Promise<PdmpPatient> {
  const { patient } = await vault.open<PrescriptionContent>(em, prescription.sealedFor, prescription.sealed)
  const { patientId, patientState } = prescription
  const fact = patientId ? await em.findOne(ClinicalProfileFact, { patientId }) : null
  const file = fact && (await vault.open<ClinicalProfile>(em, patientId!, fact.sealed))
  const [family, given, dateOfBirth] = [patient.family ?? file?.person?.family, patient.given ?? file?.person?.given, patient.dateOfBirth ?? file?.person?.dateOfBirth]
  if (!family || !given || !dateOfBirth) throw new AppError('UNAVAILABLE', "the patient's name or day of birth is not known here yet")
  const { line1, line2, city, postalCode, state: written } = patient.address ?? {}
  const state = stateCode(written) ?? patientState
  return {
    family, given, dateOfBirth, sex: sexCode(patient.sex ?? file?.sex), phone: (patient.phone ?? file?.person?.phone)?.replace(/\D/g, '').slice(-10) || null,
    address: state ? { line1: line1 ?? null, line2: line2 ?? null, city: city ?? null, state, postalCode: postalCode ?? null } : null,
  }
}

/** "female", "F", "FEMALE" as the senders write it. */
const sexCode = (text: string | undefined): PdmpPatient['sex'] => (/^f/i.test(text ?? '') ? 'F' : /^m/i.test(text ?? '') ? 'M' : 'U')

/** The dispensing of a fill, as it is told to `state`. */
export async function pdmpDispensing(em: EntityManager, services: Services, { state, fill, prescription, reporting }: { state: string; fill: Fill; prescription: Prescription; reporting: PdmpDispensing['reporting'] }): Promise<PdmpDispensing> {
  const { prescriber } = await services.vault.open<PrescriptionContent>(em, prescription.sealedFor, prescription.sealed)
  const registered = prescription.practitionerId ? await em.findOne(PractitionerFact, { practitionerId: prescription.practitionerId }) : null
  const { dispensingUnit } = await em.findOneOrFail(DrugFact, { drugId: fill.drugId })
  const [lot] = fill.lots
  if (!lot) throw new AppError('INTERNAL', `fill ${fill.id} was released without a lot`)
  return {
    state, pharmacy: services.pharmacy, patient: await pdmpPatient(em, services, prescription), fillId: fill.id, reporting,
    prescriptionNumber: prescription.number, dateWritten: prescription.issueDate, refillsAuthorized: prescription.refillsAuthorized,
    dateFilled: clock.dayOf(fill.releasedAt ?? clock.now()), refillNumber: fill.number,
    // 5-4-2; a labeler of six digits has no such form, and stays at twelve
    ndc: lot.ndc12.startsWith('0') ? lot.ndc12.slice(1) : lot.ndc12,
    quantity: fill.quantity, daysSupply: fill.daysSupply ?? null, unit: unitCode(dispensingUnit), schedule: prescription.deaSchedule,
    origin: prescription.source === 'ORAL' ? '03' : prescription.source === 'UPLOAD' ? '01' : '05', partialFill: await partOf(em, fill),
    // no claims are sent to insurers: patients pay
    paymentType: '01',
    prescriber: { npi: prescription.prescriberNpi, dea: prescriber.dea ?? registered?.deaNumber ?? null, family: prescriber.family ?? null, given: prescriber.given ?? null },
  }
}

const unitCode = (unit: string): PdmpDispensing['unit'] => (/^(ml|milliliter)/i.test(unit) ? '02' : /^(g|gm|gram)s?$/i.test(unit) ? '03' : '01')

/** 00 where it is the whole, else 01 for the first part of the fill, 02 for the next. */
async function partOf(em: EntityManager, { id, prescriptionId, number, partCause, balanceId }: Fill): Promise<string> {
  if (!partCause && !balanceId) return '00'
  const parts = await em.find(Fill, { prescriptionId, number, releasedAt: { $ne: null } }, { orderBy: { releasedAt: 'asc', id: 'asc' }, fields: ['id'] })
  return String(parts.findIndex((part) => part.id === id) + 1).padStart(2, '0')
}
