import { AppError, notFound, type Route } from '@pharmagraph/platform'
import { startBulkImport } from '../commands/start-bulk-import.ts'
import { BulkImportLine, type BulkImport } from '../entities/bulk-import.ts'
import { answering } from '../fhir/answers.ts'
import { operationOutcome } from '../fhir/r4.ts'
import { visibleImport } from '../reads/visible-import.ts'
import type { Services } from '../services.ts'

const ndjson = 'application/fhir+ndjson; charset=utf-8'

/** A file of FHIR resources, one a line; answers with where to ask how far it got. */
const startRoute: Route<Services> = {
  method: 'POST',
  path: '/fhir/R4/$import',
  run: answering(async ({ actor, body, services, transact }) => {
    if (!actor) throw new AppError('UNAUTHENTICATED', 'sign in as a partner or a prescriber')
    const bulk = await transact((em) => startBulkImport(em, actor, services, body))
    return { status: 202, contentType: 'application/json', headers: { 'content-location': `/fhir/R4/$import/${bulk.id}` }, body: progressOf(bulk) }
  }),
}

const progressOf = ({ id, status, total, accepted, refused, readAlong, createdAt, finishedAt }: BulkImport): object =>
  ({ id, status, total, accepted, refused, readAlong, waiting: total - accepted - refused - readAlong, createdAt, finishedAt: finishedAt ?? null })

const progressRoute: Route<Services> = {
  method: 'GET',
  path: '/fhir/R4/$import/:id',
  run: answering(async ({ actor, params, transact }) => {
    const bulk = await transact((em) => visibleImport(em, actor, params['id']))
    if (!bulk) throw notFound('import')
    return { status: 200, contentType: 'application/json', body: progressOf(bulk) }
  }),
}

/** Every refused line, as an OperationOutcome that names it, one a line. */
const errorsRoute: Route<Services> = {
  method: 'GET',
  path: '/fhir/R4/$import/:id/errors',
  run: answering(async ({ actor, params, transact }) => {
    const refused = await transact(async (em) => {
      const bulk = await visibleImport(em, actor, params['id'])
      if (!bulk) throw notFound('import')
      return em.find(BulkImportLine, { importId: bulk.id, status: 'REFUSED' }, { orderBy: { number: 'asc' } })
    })
    const body = refused.map(({ number, reason, field }) => `${JSON.stringify(operationOutcome('invalid', `line ${number}: ${reason ?? ''}`, { expression: field ?? undefined }))}\n`).join('')
    return { status: 200, contentType: ndjson, body }
  }),
}

export const fhirImportRoutes = [startRoute, progressRoute, errorsRoute]
