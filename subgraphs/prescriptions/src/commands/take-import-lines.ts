import { AppError, clock, type Actor, type EntityManager, type Logger } from '@pharmagraph/platform'
import { BulkImport, BulkImportLine } from '../entities/bulk-import.ts'
import { parseResource } from '../fhir/answers.ts'
import type { MedicationRequest, Resource } from '../fhir/r4.ts'
import type { Services } from '../services.ts'
import { receiveMedicationRequest } from './receive-medication-request.ts'
import { about, finish, idIn, isAbout, nameHash } from './start-bulk-import.ts'

/** Takes in the next lines that wait, of the oldest import first. Each succeeds or fails by itself; a process that dies leaves them waiting. */
export async function takeImportLines(em: EntityManager, services: Services, limit: number, logger: Pick<Logger, 'error'>): Promise<void> {
  const rows = await em.execute<{ id: string }[]>(`select id from bulk_import_line where status = 'WAITING' and (next_try_at is null or next_try_at <= ?) order by import_id, number limit ? for update skip locked`, [clock.now(), limit])
  const lines = await em.find(BulkImportLine, { id: { $in: rows.map(({ id }) => id) } }, { orderBy: { importId: 'asc', number: 'asc' } })
  const imports = new Map((await em.find(BulkImport, { id: { $in: [...new Set(lines.map(({ importId }) => importId))] } })).map((bulk) => [bulk.id, bulk]))
  for (const line of lines) {
    const bulk = imports.get(line.importId)!
    await take(em, services, bulk, line, logger)
    if (line.status === 'ACCEPTED') bulk.accepted += 1
    if (line.status === 'REFUSED') bulk.refused += 1
  }
  await em.flush()
  for (const bulk of imports.values()) await finish(em, bulk)
}

async function take(em: EntityManager, services: Services, bulk: BulkImport, line: BulkImportLine, logger: Pick<Logger, 'error'>): Promise<void> {
  const actor: Actor = { scopes: [], amr: [], ...bulk.actor }
  try {
    const request = parseResource(await services.vault.open<string>(em, bulk.id, line.sealed!)) as MedicationRequest
    const resources = await referredTo(em, services, bulk.id, request)
    // lines are named Type/id or urn:uuid:id, whichever way they refer to each other
    const byId = new Map(resources.filter(({ name }) => !isAbout(name)).map(({ name, resource }) => [idIn(name), resource]))
    const resolve = (reference: string): Resource | undefined => byId.get(idIn(reference))
    // a savepoint: what a refused line began is undone, the others stay
    const { id } = await em.transactional((inner) => receiveMedicationRequest(inner, actor, services, request, resolve, resources))
    Object.assign(line, { status: 'ACCEPTED', prescriptionId: id, sealed: null })
  } catch (thrown) {
    const refusal = thrown instanceof AppError && thrown.row.http < 500 && !thrown.row.retryable ? thrown : undefined
    if (!refusal) {
      logger.error({ err: thrown, importId: bulk.id, line: line.number, tries: line.tries + 1 }, 'a line of an import failed')
      return waitOrRefuse(line)
    }
    const field = refusal.details['field']
    Object.assign(line, { status: 'REFUSED', reason: refusal.message, field: typeof field === 'string' ? field : null })
  }
}

/** So often a line is tried that fails for a reason that passes, a fault of ours or a service that is away; then a person decides. */
export const mostTries = 6
const firstWaitMs = 5_000

/** Waits 5 s, 10 s, 20 s … for the next try; after the last it is refused, kept, and may be tried again by hand. */
function waitOrRefuse(line: BulkImportLine): void {
  line.tries += 1
  if (line.tries < mostTries) line.nextTryAt = new Date(clock.now().getTime() + firstWaitMs * 2 ** (line.tries - 1))
  else Object.assign(line, { status: 'REFUSED', nextTryAt: null, retryable: true, reason: `something went wrong on our side ${mostTries} times: the line is kept, try it again (retryBulkImport)` })
}

/** The lines a request refers to, by the names it uses, and what is told of its patient. */
async function referredTo(em: EntityManager, services: Services, importId: string, { subject, requester, medicationReference }: MedicationRequest): Promise<{ name: string; resource: Resource }[]> {
  const names = [subject, requester, medicationReference].flatMap((reference) => (reference?.reference ? [reference.reference] : []))
  if (subject?.reference) names.push(about(subject.reference))
  const byHash = new Map(names.map((name) => [nameHash(services, importId, name), name]))
  const rows = await em.find(BulkImportLine, { importId, status: 'READ_ALONG', names: { $overlap: [...byHash.keys()] } })
  return Promise.all(rows.map(async ({ names: hashes, sealed }) => ({
    name: hashes.map((hash) => byHash.get(hash)).find((name) => name !== undefined) ?? '', resource: parseResource(await services.vault.open<string>(em, importId, sealed!)),
  })))
}
