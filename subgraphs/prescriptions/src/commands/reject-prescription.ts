import { LockMode } from '@mikro-orm/postgresql'
import { apply, invalid, type Actor, type EntityManager } from '@pharmagraph/platform'
import { access } from '../access.ts'
import { Prescription } from '../entities/prescription.ts'
import { prescriptionLifecycle } from '../lifecycles/prescription.ts'
import type { Services } from '../services.ts'
import { voidOwed } from './book-part.ts'
import { endFills } from './end-fills.ts'
import { completeWorkItem, heldWorkItem, type Held } from './held-work-item.ts'

/** Why a pharmacist does not fill: 21 CFR 1306.04(a) puts the responsibility on them as well. */
export const rejectionReasons: Readonly<Record<string, string>> = {
  CLINICALLY_INAPPROPRIATE: 'Not appropriate for this patient',
  NOT_LEGITIMATE_PURPOSE: 'No legitimate medical purpose (21 CFR 1306.04(a))',
  FORGERY_SUSPECTED: 'Suspected forged or altered',
  INVALID_PRESCRIPTION: 'Does not meet the requirements of a prescription',
  DUPLICATE: 'The patient has this prescription already',
  WRONG_PATIENT: 'Not for this patient',
  PRESCRIBER_REQUEST: 'The prescriber asked for it',
  PATIENT_REQUEST: 'The patient asked for it',
  NOT_STOCKED: 'The pharmacy does not carry the drug',
  OTHER: 'Another reason',
}

/** Refuses a prescription in review, or ends a verified one that came back with a finding. */
export async function rejectPrescription(em: EntityManager, actor: Actor, { vault }: Services, input: Held & { reasonCode: string; text: string }): Promise<Prescription> {
  access.must(actor, 'review:decide', undefined)
  const item = await heldWorkItem(em, actor, input, 'VERIFICATION', 'DATA_ENTRY')
  if (!rejectionReasons[input.reasonCode]) throw invalid('reasonCode', `reasonCode is one of ${Object.keys(rejectionReasons).join(', ')}`)
  if (input.text.length > 1000) throw invalid('text', 'the text must have at most 1000 characters')
  const prescription = await em.findOneOrFail(Prescription, { id: item.prescriptionId! }, { lockMode: LockMode.PESSIMISTIC_WRITE })
  apply(em, actor, prescriptionLifecycle, prescription, 'reject', { reason: input.reasonCode })
  await endFills(em, prescription.id, { code: input.reasonCode, message: 'a pharmacist ended the prescription' })
  await voidOwed(em, prescription, input.reasonCode)
  prescription.statusReasonCode = input.reasonCode
  prescription.statusReasonSealed = await vault.seal(em, prescription.sealedFor, input.text)
  completeWorkItem(em, actor, item)
  return prescription
}
