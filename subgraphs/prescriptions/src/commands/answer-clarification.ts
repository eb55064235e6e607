import { LockMode } from '@mikro-orm/postgresql'
import { apply, systemActor, type EntityManager } from '@pharmagraph/platform'
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
  apply(em, systemActor('prescriptions'), prescriptionLifecycle, prescription, 'answerClarification', { reason: `PRESCRIBER_${outcome.toUpperCase()}`.slice(0, 60) })
  prescription.statusReasonCode = 'PRESCRIBER_ANSWERED'
  prescription.statusReasonSealed = await services.vault.seal(em, prescription.sealedFor, [outcome, note].filter(Boolean).join(': '))
  await em.flush()
  await beginReview(em, services, prescription)
  return prescription
}
