import { AppError, type Actor, type EntityManager, type Route, type RouteAnswer, type RouteTools } from '@pharmagraph/platform'
import { access } from '../access.ts'
import { asStored, receiveMedicationRequest } from '../commands/receive-medication-request.ts'
import { answering, fhirAnswer, outcomeOf, parseResource } from '../fhir/answers.ts'
import { notAnOrder, type Resolve } from '../fhir/medication-request.ts'
import { operationOutcome, readAlong, type Bundle, type BundleEntry, type MedicationRequest } from '../fhir/r4.ts'
import type { ReportedResource } from '../fhir/reported.ts'
import type { Services } from '../services.ts'

/** MedicationRequests of partners and prescribers' systems, alone or in a transaction, batch or collection Bundle. */
const writeRoute = (path: string): Route<Services> => ({
  method: 'POST',
  path,
  run: answering(async (tools) => {
    if (!tools.actor) throw new AppError('UNAUTHENTICATED', 'sign in as a partner or a prescriber')
    access.must(tools.actor, 'intake:receive', undefined)
    const resource = parseResource(tools.body.toString())
    if (resource.resourceType === 'MedicationRequest') return single(tools, tools.actor, resource as MedicationRequest)
    if (resource.resourceType === 'Bundle') return bundle(tools, tools.actor, resource as Bundle)
    throw new AppError('INVALID_INPUT', `send a MedicationRequest, or a Bundle that holds some; a ${resource.resourceType.slice(0, 40)} is read with the request it belongs to`, { field: 'resourceType' })
  }),
})

type Tools = RouteTools<Services>
type Entry = { resource?: object; response: { status: string; location?: string; outcome?: object } }

async function single({ services, transact }: Tools, actor: Actor, request: MedicationRequest): Promise<RouteAnswer> {
  const received = await transact((em) => receiveMedicationRequest(em, actor, services, request, () => undefined))
  return fhirAnswer(received.status, asStored(request, received), { location: locationOf(received) })
}

const locationOf = ({ id }: { id: string }): string => `/fhir/R4/MedicationRequest/${id}`

/** A transaction is taken as a whole or not at all, any other Bundle entry by entry; the answer has one entry for each, in order. */
async function bundle({ services, transact }: Tools, actor: Actor, { type, entry = [] }: Bundle): Promise<RouteAnswer> {
  if (type !== 'transaction' && type !== 'batch' && type !== 'collection') throw new AppError('INVALID_INPUT', 'a Bundle here is a transaction, a batch or a collection', { field: 'Bundle.type' })
  if (!entry.some(({ resource }) => resource?.resourceType === 'MedicationRequest')) throw new AppError('INVALID_INPUT', 'the Bundle holds no MedicationRequest', { field: 'Bundle.entry' })
  const named = entry.flatMap(({ fullUrl, resource }) => (resource ? [{ name: fullUrl ?? '', resource }, { name: `${resource.resourceType}/${resource.id ?? ''}`, resource }] : []))
  const byName = new Map(named.map(({ name, resource }) => [name, resource]))
  const resolve: Resolve = (reference) => byName.get(reference)
  const reported: ReportedResource[] = entry.flatMap(({ fullUrl, resource }) => (resource ? [{ name: fullUrl ?? '', resource }] : []))
  const one = (em: EntityManager, each: BundleEntry) => takeEntry(em, actor, services, each, resolve, reported)
  const entries = type === 'transaction'
    ? await transact((em) => inTurn(entry, (each) => one(em, each)))
    : await inTurn(entry, (each) => transact((em) => one(em, each)).catch((thrown: unknown): Entry => {
        const { status, outcome } = outcomeOf(thrown)
        return { response: { status: String(status), outcome } }
      }))
  return fhirAnswer(200, { resourceType: 'Bundle', type: type === 'transaction' ? 'transaction-response' : 'batch-response', entry: entries })
}

async function takeEntry(em: EntityManager, actor: Actor, services: Services, { resource }: BundleEntry, resolve: Resolve, reported: readonly ReportedResource[]): Promise<Entry> {
  if (resource?.resourceType !== 'MedicationRequest') {
    const note = resource && readAlong.includes(resource.resourceType) ? 'read for the requests that refer to it' : 'not taken in: no part of an order'
    return { response: { status: '200', outcome: operationOutcome('informational', note, { severity: 'information' }) } }
  }
  const request = resource as MedicationRequest
  const history = notAnOrder(request)
  if (history) return { response: { status: '200', outcome: operationOutcome('informational', `not taken in: ${history}`, { severity: 'information' }) } }
  const received = await receiveMedicationRequest(em, actor, services, request, resolve, reported)
  return { resource: asStored(request, received), response: { status: String(received.status), location: locationOf(received) } }
}

async function inTurn<Item, Result>(items: readonly Item[], run: (item: Item) => Promise<Result>): Promise<Result[]> {
  const done: Result[] = []
  for (const item of items) done.push(await run(item))
  return done
}

export const fhirRoutes = ['/fhir/R4/MedicationRequest', '/fhir/R4', '/fhir/R4/'].map(writeRoute)
