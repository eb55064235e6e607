import { AppError, clock, emit, forbidden, newId, type Actor, type EntityManager } from '@pharmagraph/platform'
import { access } from '../access.ts'
import { exportAsFhir } from '../export/fhir.ts'
import { Disclosure } from '../entities/disclosure.ts'
import * as fields from '../fields.ts'
import type { DataExport } from '../reads/export-my-data.ts'
import { latestConsent } from '../reads/latest-consents.ts'
import { patientRecord } from '../reads/patient-record.ts'
import type { Services } from '../services.ts'

/** Discloses the record to a partner, while the patient's consent to EXCHANGE is in force, and puts it on account (45 CFR 164.528). */
export async function exchangeRecord(em: EntityManager, actor: Actor, { vault }: Services, id: string): Promise<DataExport> {
  if (!access.can(actor, 'record:exchange', undefined)) throw forbidden('only partners exchange records')
  const patientId = fields.id('patientId', id)
  const consent = await latestConsent(em, patientId, 'EXCHANGE')
  // the same answer for somebody unknown: who is a patient here is nobody's business either
  if (!consent?.granted) throw new AppError('CONSENT_REQUIRED', 'the patient does not consent to exchange their record', { purpose: 'EXCHANGE' }, { http: 403 })
  const record = await patientRecord(em, vault, patientId)
  const recipient = actor.clientId ?? actor.subject
  em.create(Disclosure, { id: newId(), patientId, at: clock.now(), recipient, what: 'record as FHIR R4', purpose: 'EXCHANGE', consentVersion: consent.version })
  emit(em, actor, 'patients.record-disclosed.v1', patientId, {
    patientId, recipient, purpose: 'EXCHANGE', consentVersion: consent.version,
  })
  const inForce = <Row extends { endedAt?: Date | null | undefined }>(rows: Row[]): Row[] => rows.filter(({ endedAt }) => !endedAt)
  const current = { ...record, insurance: inForce(record.insurance), allergies: inForce(record.allergies), conditions: inForce(record.conditions) }
  const generatedAt = clock.now()
  return { format: 'FHIR_R4', generatedAt, document: exportAsFhir(current, generatedAt) }
}
