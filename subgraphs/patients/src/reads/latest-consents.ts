import type { EntityManager } from '@pharmagraph/platform'
import { Consent, type Purpose } from '../entities/consent.ts'

/** For each patient, the last version of every purpose ever asked for; one statement for all. */
export async function latestConsents(em: EntityManager, patientIds: readonly string[]): Promise<Consent[][]> {
  const rows = await em.execute<object[]>('select distinct on (patient_id, purpose) * from consent where patient_id = any(?::uuid[]) order by patient_id, purpose, version desc', [`{${patientIds.join(',')}}`])
  const byPatient = Map.groupBy(rows.map((row) => em.map(Consent, row as never)), ({ patientId }) => patientId)
  return patientIds.map((id) => byPatient.get(id) ?? [])
}

export const latestConsent = (em: EntityManager, patientId: string, purpose: Purpose): Promise<Consent | null> =>
  em.findOne(Consent, { patientId, purpose }, { orderBy: { version: 'desc' } })
