import { clock, newId, type EntityManager } from '@pharmagraph/platform'
import { ClinicalAlert } from '../entities/clinical-alert.ts'
import type { Prescription } from '../entities/prescription.ts'
import type { Refusal } from '../regulations/decisions.ts'
import type { Services } from '../services.ts'

/**
 * A refill asked for before its day is on record as a finding of overuse (42 CFR 456.705(b)(1)), once for each due day. The rule
 * already holds it back, so that the alert stands in the way of nothing.
 */
export async function noteEarlyRefill(em: EntityManager, { vault }: Services, { id, patientId }: Prescription, { message, rule, source, nextEligibleAt }: Refusal): Promise<void> {
  const finding = `early:${nextEligibleAt ?? 'never'}`
  if (!patientId || (await em.count(ClinicalAlert, { prescriptionId: id, otherPrescriptionId: id, kind: 'EARLY_REFILL', finding }))) return
  em.create(ClinicalAlert, {
    id: newId(), prescriptionId: id, otherPrescriptionId: id, kind: 'EARLY_REFILL', reasonCode: 'ER', severity: 'MODERATE', finding, sealedFor: patientId, sealed: await vault.seal(em, patientId, message),
    management: null, evidence: source, knowledgeVersion: rule, open: false, foundAt: clock.now(),
  })
}
