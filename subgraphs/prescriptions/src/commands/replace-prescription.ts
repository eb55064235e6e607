import { LockMode } from '@mikro-orm/postgresql'
import { apply, invalid, systemActor, type EntityManager } from '@pharmagraph/platform'
import type { PrescriptionContent } from '../content.ts'
import { Prescription } from '../entities/prescription.ts'
import { readChanged, spokenVersion, type ScriptMessage } from '../erx/script-reader.ts'
import { isIntact } from '../integrity/prescription.ts'
import { prescriptionLifecycle } from '../lifecycles/prescription.ts'
import type { Services } from '../services.ts'
import { askedAbout } from './answer-clarification.ts'
import { receivePrescription } from './receive-prescription.ts'

/**
 * The prescriber answered our question with another prescription: it comes in like any, and the one asked about ends.
 * Undefined where we did not ask, or no longer wait: then the answer is only noted.
 */
export async function replacePrescription(em: EntityManager, services: Services, { message, note }: { message: ScriptMessage; note: string | undefined }): Promise<Prescription | undefined> {
  const id = askedAbout(message.relatesTo ?? '')
  const before = id ? await em.findOne(Prescription, { id, status: 'CLARIFICATION' }, { lockMode: LockMode.PESSIMISTIC_WRITE }) : null
  if (!before) return undefined
  const asked = await services.vault.open<PrescriptionContent>(em, before.sealedFor, before.sealed)
  if (!isIntact(services.signer, before, asked)) throw invalid('RelatesToMessageID', 'the prescription asked about is no longer what was submitted: write a new one')
  const content = readChanged(message, asked)
  const replacement = await receivePrescription(em, systemActor('erx-network'), services, {
    content: { ...content, patient: { ...content.patient, ...(before.patientId ? { id: before.patientId } : {}) } }, source: 'NCPDP_SCRIPT', externalKey: `script:${message.from ?? ''}:${message.messageId}`,
    messageId: message.messageId, prescriberOrderNumber: message.prescriberOrderNumber ?? before.prescriberOrderNumber ?? undefined, scriptVersion: spokenVersion(message.version),
  })
  replacement.priorPrescriptionId = before.id
  apply(em, systemActor('erx-network'), prescriptionLifecycle, before, 'cancel', { reason: 'REPLACED_BY_PRESCRIBER' })
  before.statusReasonCode = 'REPLACED_BY_PRESCRIBER'
  before.statusReasonSealed = await services.vault.seal(em, before.sealedFor, [`replaced by ${replacement.number}`, note].filter(Boolean).join(': '))
  return replacement
}
