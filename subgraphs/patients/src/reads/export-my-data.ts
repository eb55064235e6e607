import { clock, type Actor, type EntityManager } from '@pharmagraph/platform'
import { access } from '../access.ts'
import { exportAsFhir } from '../export/fhir.ts'
import { exportAsJson } from '../export/json.ts'
import type { Services } from '../services.ts'
import { correspondence, patientRecord } from './patient-record.ts'

export type DataExport = { format: 'JSON' | 'FHIR_R4'; generatedAt: Date; document: object }

/** What the signed-in patient may take along (GDPR 15 and 20, 45 CFR 164.524). */
export async function exportMyData(em: EntityManager, actor: Actor, { vault }: Services, format: DataExport['format']): Promise<DataExport> {
  const id = actor.patientId ?? ''
  access.must(actor, 'patient:export', { id })
  const [generatedAt, record] = [clock.now(), await patientRecord(em, vault, id)]
  const document = format === 'FHIR_R4' ? exportAsFhir(record, generatedAt) : exportAsJson(record, await correspondence(em, vault, id))
  return { format, generatedAt, document }
}
