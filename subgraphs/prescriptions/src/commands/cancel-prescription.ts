import { LockMode } from '@mikro-orm/postgresql'
import { apply, hasRole, invalid, isId, notFound, type Actor, type EntityManager } from '@pharmagraph/platform'
import { access, visiblePrescriptions } from '../access.ts'
import { Prescription } from '../entities/prescription.ts'
import { prescriptionLifecycle } from '../lifecycles/prescription.ts'
import { refused } from '../refusals.ts'
import type { Services } from '../services.ts'
import { voidOwed } from './book-part.ts'
import { endFills } from './end-fills.ts'
import { withdrawWorkItems } from './withdraw-work-items.ts'

/** Why a prescription is taken back. */
export const endReasons: Readonly<Record<string, string>> = {
  THERAPY_CHANGED: 'The therapy was changed',
  WRITTEN_IN_ERROR: 'It was written in error',
  ADVERSE_REACTION: 'The patient does not tolerate it',
  NO_LONGER_NEEDED: 'It is not needed any more',
  PRESCRIBER_ASKED: 'The prescriber asked the pharmacy to end it',
  SENT_BY_MISTAKE: 'It was sent by mistake',
}

/**
 * Takes a prescription back: its prescriber at any time, a pharmacist once it is verified (before, it is rejected under the queue's claim), its patient while
 * nobody has verified it. Said twice it is done once.
 */
export async function cancelPrescription(em: EntityManager, actor: Actor, { vault }: Services, input: { prescriptionId: string; reasonCode: string; text?: string | null | undefined }): Promise<Prescription> {
  access.must(actor, 'prescription:take-back', undefined)
  const { prescriptionId, reasonCode, text } = input
  if (!endReasons[reasonCode]) throw invalid('reasonCode', `reasonCode is one of ${Object.keys(endReasons).join(', ')}`)
  if ((text?.length ?? 0) > 1000) throw invalid('text', 'the text must have at most 1000 characters')
  const prescription = isId(prescriptionId) ? await em.findOne(Prescription, { $and: [{ id: prescriptionId }, visiblePrescriptions(actor)] }, { lockMode: LockMode.PESSIMISTIC_WRITE }) : null
  if (!prescription) throw notFound('prescription')
  if ((prescription.status === 'CANCELLED' || prescription.status === 'DISCONTINUED') && prescription.statusReasonCode === reasonCode) return prescription
  const { status } = prescription
  const refuse = (message: string) => refused(prescriptionLifecycle, prescription, actor, { code: 'TRANSITION_REFUSED', message })
  if (!isOwn(actor, prescription) && 'cancel' in prescriptionLifecycle.table[status]) throw refuse('before its verification a prescription is rejected by a pharmacist who holds it')
  if (!(await endPrescription(em, actor, prescription, { code: reasonCode, message: endReasons[reasonCode] }))) throw refuse(`a prescription that is ${status} is not taken back`)
  prescription.statusReasonSealed = text ? await vault.seal(em, prescription.sealedFor, text) : null
  return prescription
}

const isOwn = (actor: Actor, { practitionerId, patientId }: Prescription): boolean =>
  (hasRole(actor, 'prescriber') && !!practitionerId && practitionerId === actor.practitionerId) || (hasRole(actor, 'patient') && !!patientId && patientId === actor.patientId)

/** Ends a prescription with all that hangs on it: CANCELLED before its verification, DISCONTINUED after. False where it is past that. */
export async function endPrescription(em: EntityManager, actor: Actor, prescription: Prescription, reason: { code: string; message: string }): Promise<boolean> {
  const verbs = prescriptionLifecycle.table[prescription.status]
  const verb = (['cancel', 'discontinue'] as const).find((name) => name in verbs)
  if (!verb) return false
  apply(em, actor, prescriptionLifecycle, prescription, verb, { reason: reason.code })
  prescription.statusReasonCode = reason.code
  await endFills(em, prescription.id, reason)
  await withdrawWorkItems(em, { prescriptionId: prescription.id }, reason.code)
  await voidOwed(em, prescription, reason.code)
  return true
}
