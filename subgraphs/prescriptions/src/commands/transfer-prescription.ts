import { apply, clock, invalid, type Actor, type EntityManager } from '@pharmagraph/platform'
import { isDeaNumber } from '@pharmagraph/schema/identifiers'
import { access } from '../access.ts'
import type { PrescriptionContent } from '../content.ts'
import { Fill, fillsUnderWay } from '../entities/fill.ts'
import { isControlled, refillsRemaining, type Prescription } from '../entities/prescription.ts'
import { PrescriptionTransfer } from '../entities/prescription-transfer.ts'
import { isAsVerified, isIntact } from '../integrity/prescription.ts'
import { prescriptionLifecycle } from '../lifecycles/prescription.ts'
import { fillableOf } from '../reads/fillable.ts'
import { mustHaveSecondFactor, refused } from '../refusals.ts'
import { refusalOfTransfer, transferRule } from '../regulations/transfer.ts'
import type { Services } from '../services.ts'
import { voidOwed } from './book-part.ts'
import { lockedPrescription } from './hold-prescription.ts'
import { contentAltered } from './verify-prescription.ts'
import { withdrawWorkItems } from './withdraw-work-items.ts'

export type TransferInput = {
  prescriptionId: string; pharmacyName: string; pharmacyDea?: string | null | undefined; pharmacistName: string; askedByPatient: boolean; sharedDatabase?: boolean | null | undefined
}

/** A pharmacist gives a verified prescription over to another pharmacy: void here from then on, refills and all. */
export async function transferPrescription(em: EntityManager, actor: Actor, { vault, signer }: Services, input: TransferInput): Promise<Prescription> {
  access.must(actor, 'review:decide', undefined)
  for (const field of ['pharmacyName', 'pharmacistName'] as const) {
    if (input[field].trim().length < 2 || input[field].length > 200) throw invalid(field, 'name it in 2 to 200 characters')
  }
  const prescription = await lockedPrescription(em, input.prescriptionId)
  const controlled = isControlled(prescription.deaSchedule)
  if (controlled && !(input.pharmacyDea && isDeaNumber(input.pharmacyDea))) throw invalid('pharmacyDea', "a controlled substance needs the other pharmacy's DEA number (21 CFR 1306.08(f), 1306.25)")
  if (controlled) mustHaveSecondFactor(actor, prescription.deaSchedule)
  const refuse = (refusal: { code: string; message: string }) => refused(prescriptionLifecycle, prescription, actor, refusal)
  if (await em.count(Fill, { prescriptionId: prescription.id, status: { $in: [...fillsUnderWay] } })) throw refuse({ code: 'FILL_UNDER_WAY', message: 'a fill of this prescription is under way' })
  const content = await vault.open<PrescriptionContent>(em, prescription.sealedFor, prescription.sealed)
  if (!isIntact(signer, prescription, content) || !isAsVerified(signer, prescription)) throw refuse(contentAltered)
  const fillable = fillableOf(prescription, [], prescription.patientState)
  const electronic = prescription.source !== 'UPLOAD' && prescription.source !== 'ORAL'
  const refusal = refusalOfTransfer(fillable, { transfers: 0, electronic, askedByPatient: input.askedByPatient, sharedDatabase: input.sharedDatabase ?? false }, clock.today())
  if (refusal) throw refuse(refusal)

  apply(em, actor, prescriptionLifecycle, prescription, 'transferOut', { reason: 'TRANSFERRED_OUT' })
  prescription.statusReasonCode = 'TRANSFERRED_OUT'
  em.create(PrescriptionTransfer, {
    prescriptionId: prescription.id, pharmacyName: input.pharmacyName, pharmacyDea: input.pharmacyDea ?? null, pharmacistName: input.pharmacistName, transferredBy: actor.subject,
    transferredById: actor.pharmacistId ?? null, refillsRemaining: refillsRemaining(prescription), askedByPatient: input.askedByPatient,
    rule: controlled ? (transferRule(fillable, clock.today())?.id ?? null) : null, at: clock.now(),
  })
  await withdrawWorkItems(em, { prescriptionId: prescription.id }, 'TRANSFERRED_OUT')
  await voidOwed(em, prescription, 'TRANSFERRED_OUT')
  return prescription
}
