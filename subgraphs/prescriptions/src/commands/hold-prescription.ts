import { LockMode } from '@mikro-orm/postgresql'
import { apply, clock, invalid, isId, notFound, type Actor, type EntityManager } from '@pharmagraph/platform'
import { access } from '../access.ts'
import { isDay } from '../content.ts'
import { Prescription } from '../entities/prescription.ts'
import { prescriptionLifecycle } from '../lifecycles/prescription.ts'
import type { Services } from '../services.ts'
import { endFills } from './end-fills.ts'
import { withdrawWorkItems } from './withdraw-work-items.ts'

/** Why a verified prescription waits. */
export const holdReasons: Readonly<Record<string, string>> = {
  HOLD_PATIENT: 'The patient asked to wait',
  HOLD_STOCK: 'The drug is not to be had at present',
  HOLD_INSURANCE: 'The insurer has to agree first',
  HOLD_DATE: 'It is filled on a later day',
  HOLD_CLINICAL: 'A pharmacist looks into it',
}

/** A pharmacist lets a verified prescription wait, until a day or until further notice; its fills under way end. */
export async function holdPrescription(
  em: EntityManager, actor: Actor, { vault }: Services, input: { prescriptionId: string; reasonCode: string; text?: string | null | undefined; resumeOn?: string | null | undefined },
): Promise<Prescription> {
  access.must(actor, 'review:decide', undefined)
  const { reasonCode, text, resumeOn } = input
  if (!holdReasons[reasonCode]) throw invalid('reasonCode', `reasonCode is one of ${Object.keys(holdReasons).join(', ')}`)
  if ((text?.length ?? 0) > 1000) throw invalid('text', 'the text must have at most 1000 characters')
  if (resumeOn && (!isDay(resumeOn) || resumeOn <= clock.today())) throw invalid('resumeOn', 'the day to go on must be a day after today')
  const prescription = await lockedPrescription(em, input.prescriptionId)
  apply(em, actor, prescriptionLifecycle, prescription, 'hold', { reason: reasonCode })
  await endFills(em, prescription.id, { code: 'ON_HOLD', message: 'a pharmacist put the prescription on hold' })
  await withdrawWorkItems(em, { prescriptionId: prescription.id }, reasonCode)
  prescription.statusReasonCode = reasonCode
  prescription.statusReasonSealed = text ? await vault.seal(em, prescription.sealedFor, text) : null
  prescription.resumeOn = resumeOn ?? null
  return prescription
}

/** Lifts a hold; what the next fill needs is screened then, as always. */
export async function resumePrescription(em: EntityManager, actor: Actor, { prescriptionId }: { prescriptionId: string }): Promise<Prescription> {
  access.must(actor, 'review:decide', undefined)
  const prescription = await lockedPrescription(em, prescriptionId)
  resume(em, actor, prescription)
  return prescription
}

export function resume(em: EntityManager, actor: Actor, prescription: Prescription): void {
  apply(em, actor, prescriptionLifecycle, prescription, 'resume', { reason: 'RESUMED' })
  Object.assign(prescription, { statusReasonCode: null, statusReasonSealed: null, resumeOn: null })
}

export async function lockedPrescription(em: EntityManager, id: string): Promise<Prescription> {
  const prescription = isId(id) ? await em.findOne(Prescription, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE }) : null
  if (!prescription) throw notFound('prescription')
  return prescription
}
