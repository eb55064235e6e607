import { LockMode } from '@mikro-orm/postgresql'
import { apply, systemActor, type EntityManager } from '@pharmagraph/platform'
import { Prescription, type PrescriptionState } from '../entities/prescription.ts'
import { prescriptionLifecycle } from '../lifecycles/prescription.ts'
import { priorities } from '../entities/work-item.ts'
import { needsDataEntry } from '../reads/missing-elements.ts'
import type { Services } from '../services.ts'
import { documentsEmergency } from './confirm-emergency-oral.ts'
import { openWorkItem } from './open-work-item.ts'
import { screenPrescription } from './screen-prescription.ts'

const live: readonly PrescriptionState[] = ['DATA_ENTRY', 'CLINICAL_REVIEW', 'CLARIFICATION', 'VERIFIED', 'ON_HOLD']

/** Decides what a received prescription waits for: a person's data entry, or at once the pharmacist's review. */
export async function triagePrescription(em: EntityManager, services: Services, prescriptionId: string): Promise<void> {
  const actor = systemActor('prescriptions')
  const prescription = await em.findOneOrFail(Prescription, { id: prescriptionId }, { lockMode: LockMode.PESSIMISTIC_WRITE })
  if (prescription.status !== 'RECEIVED') return
  const { contentHash, id } = prescription
  const twin = await em.findOne(Prescription, { contentHash, id: { $ne: id }, status: { $in: [...live] } })
  if (twin) {
    apply(em, actor, prescriptionLifecycle, prescription, 'markDuplicate', { reason: 'DUPLICATE_CONTENT' })
    prescription.statusReasonCode = 'DUPLICATE_CONTENT'
  } else if (await documentsEmergency(em, services, prescription)) {
    // kept with the oral order it follows
  } else if (needsDataEntry(prescription)) {
    apply(em, actor, prescriptionLifecycle, prescription, 'askForData', { reason: 'DATA_MISSING' })
    await openWorkItem(em, actor, { queue: 'DATA_ENTRY', prescriptionId })
  } else {
    apply(em, actor, prescriptionLifecycle, prescription, 'review')
    await beginReview(em, services, prescription)
  }
}

/** Screens and puts the prescription before the pharmacists, except those who had a hand in it. */
export async function beginReview(em: EntityManager, services: Services, prescription: Prescription): Promise<void> {
  await screenPrescription(em, services, prescription)
  await openWorkItem(em, systemActor('prescriptions'), {
    queue: 'VERIFICATION', prescriptionId: prescription.id, excluded: [prescription.enteredBy, prescription.submittedBy],
    ...(prescription.oralAuthorisedAt ? { priority: priorities.stat } : {}),
  })
}
