import { AppError, blindIndex, clock, invalid, newId, type Actor, type EntityManager } from '@pharmagraph/platform'
import { access } from '../access.ts'
import { BulkImport, BulkImportLine } from '../entities/bulk-import.ts'
import { parseResource } from '../fhir/answers.ts'
import { readAlong, type AllergyIntolerance, type Coverage, type Resource } from '../fhir/r4.ts'
import { mustBeShaped } from '../fhir/shape.ts'
import type { Services } from '../services.ts'
import { sha256Of } from '../uploads/picture.ts'

const mostLines = 20_000

/** Names under which the lines of one import refer to each other, hashed: other people's ids of patients are no business of ours. */
export const nameHash = ({ matchKey }: Services, importId: string, name: string): string => blindIndex(matchKey, `import:${importId}`, name)
/** The id in a reference, whichever way it is written: Patient/1, urn:uuid:1, https://clinic.example/fhir/Patient/1. */
export const idIn = (reference: string): string => reference.slice(Math.max(reference.lastIndexOf('/'), reference.lastIndexOf(':')) + 1)
/** What is told about a patient is looked up by the patient's id. */
export const about = (reference: string): string => `about:${idIn(reference)}`
export const isAbout = (name: string): boolean => name.startsWith('about:')

/**
 * Takes in a file of NDJSON, one FHIR resource a line: every line is on record before this answers; the orders among them
 * are taken in one by one by a job. The same file of the same sender again is the same import.
 */
export async function startBulkImport(em: EntityManager, actor: Actor, services: Services, body: Buffer): Promise<BulkImport> {
  access.must(actor, 'intake:receive', undefined)
  const externalKey = `${actor.clientId ?? actor.subject}:${sha256Of(body)}`
  await em.execute('select pg_advisory_xact_lock(hashtext(?))', [`import:${externalKey}`])
  const known = await em.findOne(BulkImport, { externalKey })
  if (known) return known
  const lines = body.toString('utf8').split('\n').map((text, index) => ({ text: text.trim(), number: index + 1 })).filter(({ text }) => text)
  if (lines.length === 0) throw invalid('body', 'send FHIR resources as NDJSON, one a line')
  if (lines.length > mostLines) throw new AppError('INVALID_INPUT', `an import has at most ${mostLines} lines: send the rest as another`, { field: 'body' }, { http: 413 })
  const { subject, roles, clientId, practitionerId } = actor
  const bulk = em.create(BulkImport, {
    id: newId(), externalKey, submittedBy: subject, actor: { subject, roles: [...roles], ...(clientId ? { clientId } : {}), ...(practitionerId ? { practitionerId } : {}) },
    status: 'RUNNING', total: lines.length, accepted: 0, refused: 0, readAlong: 0, createdAt: clock.now(), finishedAt: null,
  })
  for (const { text, number } of lines) {
    const { status, names, reason } = sorted(text)
    em.create(BulkImportLine, {
      id: newId(), importId: bulk.id, number, status, names: names.map((name) => nameHash(services, bulk.id, name)), sealed: await services.vault.seal(em, bulk.id, text),
      reason: reason ?? null, field: null, prescriptionId: null,
    })
    if (status === 'REFUSED') bulk.refused += 1
    if (status === 'READ_ALONG') bulk.readAlong += 1
  }
  await em.flush()
  await finish(em, bulk)
  return bulk
}

/** With the last line taken in, what was only read along is no longer kept, unless a line may be tried again that refers to it. */
export async function finish(em: EntityManager, bulk: BulkImport): Promise<void> {
  if (await em.count(BulkImportLine, { importId: bulk.id, status: 'WAITING' })) return
  Object.assign(bulk, { status: 'DONE', finishedAt: clock.now() })
  if (await em.count(BulkImportLine, { importId: bulk.id, retryable: true })) return
  await em.nativeUpdate(BulkImportLine, { importId: bulk.id, status: 'READ_ALONG' }, { sealed: null })
}

/** What becomes of a line at first sight. */
function sorted(text: string): { status: BulkImportLine['status']; names: string[]; reason?: string } {
  let resource: Resource
  try {
    resource = parseResource(text)
  } catch (thrown) {
    return { status: 'REFUSED', names: [], reason: (thrown as AppError).message }
  }
  const { resourceType: type, id } = resource
  if (type === 'MedicationRequest') return { status: 'WAITING', names: [] }
  if (!readAlong.includes(type)) return { status: 'REFUSED', names: [], reason: `${type.slice(0, 40)} is no part of an order` }
  try {
    mustBeShaped(resource)
  } catch (thrown) {
    return { status: 'REFUSED', names: [], reason: (thrown as AppError).message }
  }
  const patient = (resource as AllergyIntolerance).patient?.reference ?? (resource as Coverage).beneficiary?.reference
  return { status: 'READ_ALONG', names: [...(id ? [`${type}/${id}`, `urn:uuid:${id}`] : []), ...(patient ? [about(patient)] : [])] }
}
