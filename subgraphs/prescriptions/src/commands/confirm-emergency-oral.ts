import { LockMode } from '@mikro-orm/postgresql'
import { apply, clock, invalid, systemActor, type Actor, type EntityManager } from '@pharmagraph/platform'
import { access } from '../access.ts'
import { isDay, type PrescriptionContent } from '../content.ts'
import { EmergencyFollowUp } from '../entities/emergency-follow-up.ts'
import { DrugFact } from '../entities/facts.ts'
import type { Prescription } from '../entities/prescription.ts'
import { isIntact } from '../integrity/prescription.ts'
import { emergencyFollowUpLifecycle } from '../lifecycles/emergency-follow-up.ts'
import { prescriptionLifecycle } from '../lifecycles/prescription.ts'
import { receiptOf, toldAuthorities } from '../reads/emergency-follow-ups.ts'
import { mustHaveSecondFactor, refused } from '../refusals.ts'
import { isSettled } from '../regulations/emergency.ts'
import type { Services } from '../services.ts'
import { lockedPrescription } from './hold-prescription.ts'
import { contentAltered } from './verify-prescription.ts'
import { withdrawWorkItems } from './withdraw-work-items.ts'

export type PaperOrder = { postmarkedOn?: string | null | undefined; bearsAuthorization: boolean; oralOrderDate: string }
export type Confirmation = { prescriptionId: string; electronicId?: string | null | undefined; paper?: PaperOrder | null | undefined }

/**
 * A pharmacist confirms that what came is the order that follows an oral one: an electronic prescription, which is kept with it
 * and never dispensed on, or a paper one in the pharmacist's hand. Answers the oral one. Too late it is on file, and the
 * authorities are to be told all the same. Throws INVALID_INPUT with what differs, TRANSITION_REFUSED, or STEP_UP_REQUIRED.
 */
export async function confirmEmergencyOral(em: EntityManager, actor: Actor, services: Services, { prescriptionId, electronicId, paper }: Confirmation): Promise<Prescription> {
  access.must(actor, 'review:decide', undefined)
  mustHaveSecondFactor(actor, 'CII')
  if (!electronicId === !paper) throw invalid('electronicId', 'name the electronic prescription that came, or describe the paper one: one of the two')
  // the electronic one first, as triage locks them: two locks taken in one order cannot wait for each other
  const electronic = electronicId ? await lockedPrescription(em, electronicId) : undefined
  const oral = await lockedPrescription(em, prescriptionId)
  const followUp = await followUpOf(em, oral.id)
  if (!followUp) throw invalid('prescriptionId', 'this prescription was not given by word of mouth')
  if (followUp.receivedAt) throw refused(emergencyFollowUpLifecycle, followUp, actor, { code: 'FOLLOW_UP_RECEIVED', message: 'the order that follows it was confirmed before' })
  if (paper) {
    checkPaper(oral, paper)
    Object.assign(followUp, { receivedAt: clock.now(), postmarkedOn: paper.postmarkedOn ?? null })
  } else if (electronic) {
    await mustBeTheSame(em, services, oral, electronic, actor)
    document(em, actor, followUp, electronic)
    await withdrawWorkItems(em, { prescriptionId: electronic.id }, 'EMERGENCY_FOLLOW_UP')
  }
  followUp.confirmedBy = actor.subject
  noteReceipt(em, actor, followUp, oral)
  return oral
}

/** The words 21 CFR 1306.11(d)(4) wants on its face. */
const authorization = /authori[sz]ation\s+for\s+emergency\s+dispensing/i

/**
 * An electronic order that says of itself what it is, and agrees in everything with one oral order that waits for it, is kept with
 * that one. Answers whether it was.
 */
export async function documentsEmergency(em: EntityManager, services: Services, electronic: Prescription): Promise<boolean> {
  const { deaSchedule, patientId, prescriberNpi, source } = electronic
  if (deaSchedule !== 'CII' || !patientId || source === 'UPLOAD' || source === 'ORAL') return false
  const waiting = await em.execute<{ id: string }[]>(
    `select oral.id from emergency_follow_up follow join prescription oral on oral.id = follow.prescription_id
     where follow.received_at is null and follow.status <> 'NOT_NEEDED' and oral.patient_id = ? and oral.prescriber_npi = ?`, [patientId, prescriberNpi])
  if (waiting.length === 0) return false
  const content = await services.vault.open<PrescriptionContent>(em, electronic.sealedFor, electronic.sealed)
  if (!authorization.test(content.note ?? '')) return false
  const actor = systemActor('prescriptions')
  for (const { id } of waiting) {
    const oral = await lockedPrescription(em, id)
    const followUp = await followUpOf(em, id)
    if (!followUp || followUp.receivedAt || (await difference(em, oral, electronic))) continue
    document(em, actor, followUp, electronic)
    noteReceipt(em, actor, followUp, oral)
    return true
  }
  return false
}

const followUpOf = (em: EntityManager, prescriptionId: string): Promise<EmergencyFollowUp | null> => em.findOne(EmergencyFollowUp, { prescriptionId }, { lockMode: LockMode.PESSIMISTIC_WRITE })

/** Never a second one to dispense on. */
function document(em: EntityManager, actor: Actor, followUp: EmergencyFollowUp, electronic: Prescription): void {
  apply(em, actor, prescriptionLifecycle, electronic, 'documentEmergency', { reason: 'EMERGENCY_FOLLOW_UP' })
  electronic.statusReasonCode = 'EMERGENCY_FOLLOW_UP'
  Object.assign(followUp, { answeredBy: electronic.id, receivedAt: electronic.receivedAt })
}

function noteReceipt(em: EntityManager, actor: Actor, followUp: EmergencyFollowUp, { patientState: state, fillsReleased }: Prescription): void {
  const order = { authorisedAt: followUp.authorisedAt, state }
  // nothing dispensed, nothing to tell anybody
  const inTime = followUp.status !== 'NOTIFIED' && (fillsReleased === 0 || isSettled(order, receiptOf(followUp), []))
  if (!inTime && followUp.status === 'AWAITED') apply(em, systemActor('prescriptions'), emergencyFollowUpLifecycle, followUp, 'miss', { reason: 'NOT_RECEIVED' })
  apply(em, actor, emergencyFollowUpLifecycle, followUp, inTime ? 'receive' : 'receiveLate', { reason: followUp.answeredBy ? 'ELECTRONIC' : 'PAPER' })
  // too late for one row, whose authority heard of it, and in time for the others
  if (followUp.status === 'OVERDUE' && isSettled(order, receiptOf(followUp), toldAuthorities(followUp))) apply(em, actor, emergencyFollowUpLifecycle, followUp, 'notify', { reason: 'ALL_TOLD' })
}

function checkPaper({ oralAuthorisedAt }: Prescription, { postmarkedOn, bearsAuthorization, oralOrderDate }: PaperOrder): void {
  if (!bearsAuthorization) throw invalid('paper.bearsAuthorization', 'it must have "Authorization for Emergency Dispensing" on its face (21 CFR 1306.11(d)(4)): send it back')
  const day = clock.dayOf(oralAuthorisedAt!)
  if (oralOrderDate !== day) throw invalid('paper.oralOrderDate', `it must name the day of the oral order, ${day} (21 CFR 1306.11(d)(4)): send it back`)
  if (postmarkedOn && (!isDay(postmarkedOn) || postmarkedOn < day || postmarkedOn > clock.today())) throw invalid('paper.postmarkedOn', 'it cannot be postmarked before the oral order, or after today')
}

async function mustBeTheSame(em: EntityManager, { vault, signer }: Services, oral: Prescription, electronic: Prescription, actor: Actor): Promise<void> {
  const differs = await difference(em, oral, electronic)
  if (differs) throw invalid('electronicId', differs)
  const content = await vault.open<PrescriptionContent>(em, electronic.sealedFor, electronic.sealed)
  if (!isIntact(signer, electronic, content)) throw refused(prescriptionLifecycle, electronic, actor, contentAltered)
}

/** In what the two do not agree, as a sentence; undefined where they do. */
async function difference(em: EntityManager, oral: Prescription, electronic: Prescription): Promise<string | undefined> {
  if (electronic.source === 'UPLOAD' || electronic.source === 'ORAL') return 'only an electronic prescription, or the original on paper, follows an oral order'
  if (electronic.deaSchedule !== 'CII') return 'it is not for a schedule II drug'
  if (!electronic.patientId || electronic.patientId !== oral.patientId) return 'it is for another patient'
  if (electronic.prescriberNpi !== oral.prescriberNpi) return 'it is by another prescriber'
  if (electronic.quantity !== oral.quantity) return `it is for ${electronic.quantity} units, the oral order was for ${oral.quantity}`
  if (electronic.refillsAuthorized !== 0) return 'it has refills'
  if (electronic.issueDate < oral.issueDate) return 'it was written before the oral order'
  return (await sameProduct(em, oral.drugId, electronic.drugId)) ? undefined : 'it is for another drug, strength or form'
}

async function sameProduct(em: EntityManager, a: string | null | undefined, b: string | null | undefined): Promise<boolean> {
  if (!a || !b) return false
  if (a === b) return true
  const keys = (await em.find(DrugFact, { drugId: { $in: [a, b] } })).map(({ matchKey }) => matchKey)
  return keys.length === 2 && keys[0] !== '' && keys[0] === keys[1]
}
