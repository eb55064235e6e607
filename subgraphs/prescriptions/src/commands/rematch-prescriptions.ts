import { LockMode, type FilterQuery } from '@mikro-orm/postgresql'
import { apply, systemActor, type EntityManager } from '@pharmagraph/platform'
import type { PrescriptionContent } from '../content.ts'
import { Prescription } from '../entities/prescription.ts'
import { prescriptionLifecycle } from '../lifecycles/prescription.ts'
import { match } from '../matching.ts'
import { needsDataEntry } from '../reads/missing-elements.ts'
import type { Services } from '../services.ts'
import { fillIn } from './complete-data-entry.ts'
import { beginReview } from './triage-prescription.ts'
import { withdrawWorkItems } from './withdraw-work-items.ts'

/** Somebody became known: prescriptions that waited for them are matched anew, and go on where nothing else is missing. */
export async function rematchPrescriptions(em: EntityManager, services: Services, waitingFor: FilterQuery<Prescription>): Promise<void> {
  const waiting = await em.find(Prescription, { $and: [{ status: 'DATA_ENTRY' }, waitingFor] }, { orderBy: { id: 'asc' }, lockMode: LockMode.PESSIMISTIC_WRITE })
  for (const prescription of waiting) {
    const content = await services.vault.open<PrescriptionContent>(em, prescription.sealedFor, prescription.sealed)
    const { patientId, practitionerId, drug } = await match(em, services.matchKey, content)
    await fillIn(em, services, prescription, {
      patientId: prescription.patientId ?? patientId, practitionerId: prescription.practitionerId ?? practitionerId, drug, daysSupply: prescription.daysSupply ?? null,
    })
    if (needsDataEntry(prescription)) continue
    await withdrawWorkItems(em, { prescriptionId: prescription.id }, 'MATCHED_LATER')
    apply(em, systemActor('prescriptions'), prescriptionLifecycle, prescription, 'completeDataEntry')
    await em.flush()
    await beginReview(em, services, prescription)
  }
}
