import { LockMode } from '@mikro-orm/postgresql'
import { apply, invalid, isId, notFound, systemActor, type Actor, type EntityManager } from '@pharmagraph/platform'
import { access, visiblePrescriptions } from '../access.ts'
import { Prescription } from '../entities/prescription.ts'
import { prescriptionLifecycle } from '../lifecycles/prescription.ts'
import type { Services } from '../services.ts'
import { beginReview } from './triage-prescription.ts'

/** Message ids of our questions: one per time a prescription went to its prescriber. */
export const clarificationMessageId = (prescriptionId: string, eventId: string): string => `CLARIFY-${prescriptionId}-${eventId}`
const asked = /^CLARIFY-([0-9a-f-]{36})-/
/** The prescription a message of ours asked about. */
export const askedAbout = (messageId: string): string | undefined => asked.exec(messageId)?.[1]

/** The prescriber answered: the pharmacist looks again, with the answer at hand. Undefined where we asked no such thing. */
export async function answerClarification(em: EntityManager, services: Services, { relatesTo, outcome, note }: { relatesTo: string; outcome: string; note?: string | undefined }): Promise<Prescription | undefined> {
  const id = askedAbout(relatesTo)
  const prescription = id ? await em.findOne(Prescription, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE }) : null
  if (!prescription) return undefined
  if (prescription.status !== 'CLARIFICATION') return prescription
  await takeAnswer(em, systemActor('prescriptions'), services, prescription, { reason: `PRESCRIBER_${outcome.toUpperCase()}`.slice(0, 60), code: 'PRESCRIBER_ANSWERED', text: [outcome, note].filter(Boolean).join(': ') })
  return prescription
}

/** What a prescriber may answer in person. Another prescription in its place is a submission of its own, and this one is taken back. */
export const clarificationOutcomes = ['APPROVED', 'VALIDATED', 'DENIED'] as const
export type ClarificationOutcome = (typeof clarificationOutcomes)[number]

/** Its prescriber answers through the portal, or a pharmacist writes down what the prescriber said. */
export async function answerQuestion(
  em: EntityManager, actor: Actor, services: Services, { prescriptionId, outcome, text }: { prescriptionId: string; outcome: ClarificationOutcome; text: string },
): Promise<Prescription> {
  access.must(actor, 'question:answer', undefined)
  if (text.trim().length < 3 || text.length > 1000) throw invalid('text', 'answer in 3 to 1000 characters')
  const prescription = isId(prescriptionId) ? await em.findOne(Prescription, { $and: [{ id: prescriptionId }, visiblePrescriptions(actor)] }, { lockMode: LockMode.PESSIMISTIC_WRITE }) : null
  if (!prescription) throw notFound('prescription')
  await takeAnswer(em, actor, services, prescription, { reason: `PRESCRIBER_${outcome}`, code: 'PRESCRIBER_ANSWERED', text: `${outcome}: ${text}` })
  return prescription
}

/** Back to the pharmacists, with the answer or the silence at hand. */
export async function takeAnswer(em: EntityManager, actor: Actor, services: Services, prescription: Prescription, { reason, code, text }: { reason: string; code: string; text?: string }): Promise<void> {
  apply(em, actor, prescriptionLifecycle, prescription, 'answerClarification', { reason })
  prescription.statusReasonCode = code
  prescription.statusReasonSealed = text ? await services.vault.seal(em, prescription.sealedFor, text) : null
  await em.flush()
  await beginReview(em, services, prescription)
}
