import { begin, clock, invalid, isId, newId, problem, type Actor, type EntityManager } from '@pharmagraph/platform'
import { access } from '../access.ts'
import { checkContent, given, type PrescriptionContent } from '../content.ts'
import { EmergencyFollowUp } from '../entities/emergency-follow-up.ts'
import { PatientFact, PractitionerFact, type DrugFact } from '../entities/facts.ts'
import { Prescription, type EvaluationBasis } from '../entities/prescription.ts'
import { emergencyFollowUpLifecycle } from '../lifecycles/emergency-follow-up.ts'
import { patientState } from '../reads/fillable.ts'
import { mustHaveSecondFactor, refusedByRule } from '../refusals.ts'
import { refusalOfIssue } from '../regulations/decisions.ts'
import { emergencyDuties, emergencyValidity, refusalOfOral } from '../regulations/emergency.ts'
import type { Services } from '../services.ts'
import { knownDrug } from './complete-data-entry.ts'
import { recordPrescription } from './receive-prescription.ts'
import { addressAsWritten, drugAsWritten, mayPrescribe, type WrittenAddress } from './submit-prescription.ts'

export type EmergencyOral = {
  patientId: string; patientAddress?: WrittenAddress | null | undefined; prescriberId: string; drugId: string; sig: string; quantity: number; daysSupply: number
  authorisedAt: Date
  evaluationBasis: EvaluationBasis
  /** What the prescriber determined: all three make an emergency (21 CFR 290.10). */
  determination: { immediateNeed: boolean; noAlternative: boolean; noWrittenOrderPossible: boolean }
  reason: string
  /** How the pharmacist knows that it was the prescriber (21 CFR 1306.11(d)(3)). */
  prescriberKnownBy: string
  idempotencyKey: string
}

/**
 * A pharmacist writes down a schedule II order that a prescriber gave by word of mouth in an emergency. It goes the usual way from
 * here, verified by another pharmacist; what the prescriber must send after it is awaited from now on. The same key again is the
 * same order. Throws INVALID_INPUT, the code of the rule that forbids it, or STEP_UP_REQUIRED.
 */
export async function recordEmergencyOral(em: EntityManager, actor: Actor, services: Services, input: EmergencyOral): Promise<Prescription> {
  access.must(actor, 'review:decide', undefined)
  if (!/^[\x21-\x7e]{1,200}$/.test(input.idempotencyKey)) throw invalid('idempotencyKey', 'the idempotency key must have 1 to 200 printable characters and no spaces')
  mustHaveSecondFactor(actor, 'CII')
  const externalKey = `oral:${actor.subject}:${input.idempotencyKey}`
  await em.execute('select pg_advisory_xact_lock(hashtext(?))', [`receive:${externalKey}`])
  const known = await em.findOne(Prescription, { externalKey })
  if (known) return known

  const { patientId, authorisedAt } = input
  if (!isId(patientId) || !(await em.count(PatientFact, { patientId, registered: true }))) throw invalid('patientId', 'no such patient is registered')
  const prescriber = isId(input.prescriberId) ? await em.findOne(PractitionerFact, { practitionerId: input.prescriberId }) : null
  if (!prescriber?.active) throw invalid('prescriberId', 'no such prescriber with an active licence is in our register')
  const drug = await knownDrug(em, input.drugId)
  mayPrescribe(prescriber, drug.deaSchedule)
  checkEmergency(input)
  const content = contentOf(input, prescriber, drug)
  checkContent(content)
  const state = await patientState(em, patientId, content)
  const order = { authorisedAt, state }
  const refusal = refusalOfOral({ ...order, schedule: drug.deaSchedule, daysSupply: input.daysSupply }, clock.now())
    ?? refusalOfIssue({ schedule: drug.deaSchedule, issueDate: content.issueDate, refills: 0, evaluationBasis: content.evaluationBasis, daysSupply: input.daysSupply, state }, clock.today())
  if (refusal) throw refusedByRule(refusal)

  const prescription = await recordPrescription(em, actor, services, {
    content, source: 'ORAL', externalKey, patientId, practitionerId: prescriber.practitionerId, drug, deaSchedule: drug.deaSchedule, state, lasting: emergencyValidity(authorisedAt),
  })
  // who wrote it down does not verify it
  prescription.enteredBy = actor.subject
  const [first] = emergencyDuties(order)
  const followUp = em.create(EmergencyFollowUp, { id: newId(), prescriptionId: prescription.id, status: 'AWAITED', authorisedAt, dueAt: first!.dueAt, rule: first!.rule.id, notices: [] })
  begin(em, actor, emergencyFollowUpLifecycle, followUp, 'await')
  return prescription
}

function checkEmergency({ authorisedAt, determination, reason, prescriberKnownBy, daysSupply }: EmergencyOral): void {
  if (Number.isNaN(authorisedAt.getTime()) || authorisedAt > clock.now()) throw invalid('authorisedAt', 'the prescriber cannot have authorised it later than now')
  if (!determination.immediateNeed || !determination.noAlternative || !determination.noWrittenOrderPossible) {
    throw problem('InvalidInput', 'NOT_AN_EMERGENCY', 'an oral order is for an emergency only: the drug is needed at once, nothing outside schedule II would do, and no written order is possible before (21 CFR 290.10)', { field: 'determination' })
  }
  for (const [field, text] of [['reason', reason], ['prescriberKnownBy', prescriberKnownBy]] as const) {
    if (text.trim().length < 10 || text.length > 500) throw invalid(field, 'write it in 10 to 500 characters')
  }
  if (!Number.isInteger(daysSupply) || daysSupply < 1) throw invalid('daysSupply', "the days' supply is a whole number from 1 on")
}

const contentOf = (input: EmergencyOral, { npi, deaNumber }: PractitionerFact, drug: DrugFact): PrescriptionContent => ({
  patient: { id: input.patientId, ...given('address', addressAsWritten(input.patientAddress)) },
  prescriber: { npi, ...(deaNumber ? { dea: deaNumber } : {}) },
  drug: drugAsWritten(drug),
  sig: input.sig, quantity: input.quantity, daysSupply: input.daysSupply, refills: 0, daw: 0, issueDate: clock.dayOf(input.authorisedAt), earliestFillDate: null, evaluationBasis: input.evaluationBasis,
  emergency: { authorisedAt: input.authorisedAt.toISOString(), writtenAt: clock.now().toISOString(), reason: input.reason.trim(), prescriberKnownBy: input.prescriberKnownBy.trim() },
})
