import { AppError, invalid, type Actor, type EntityManager, type Route, type RouteAnswer, type RouteTools } from '@pharmagraph/platform'
import { access } from '../access.ts'
import { asStored, knownRequest, receiveMedicationRequest } from '../commands/receive-medication-request.ts'
import { answering, fhirAnswer, mustBeJson, outcomeOf, parseResource } from '../fhir/answers.ts'
import { notAnOrder, type Resolve } from '../fhir/medication-request.ts'
import { operationOutcome, readAlong, type Bundle, type BundleEntry, type MedicationRequest } from '../fhir/r4.ts'
import type { ReportedResource } from '../fhir/reported.ts'
import { mustBeShaped, type Issue } from '../fhir/shape.ts'
import type { Services } from '../services.ts'

/** MedicationRequests of partners and prescribers' systems, alone or in a transaction, batch or collection Bundle. */
const writeRoute = (path: string): Route<Services> => ({
  method: 'POST',
  path,
  run: answering(async (tools) => {
    if (!tools.actor) throw new AppError('UNAUTHENTICATED', 'sign in as a partner or a prescriber')
    access.must(tools.actor, 'intake:receive', undefined)
    mustBeJson(tools.headers['content-type'])
    const resource = parseResource(tools.body.toString())
    if (resource.resourceType === 'MedicationRequest') return single(tools, tools.actor, resource as MedicationRequest)
    if (resource.resourceType === 'Bundle') return bundle(tools, tools.actor, resource as Bundle)
    const why = readAlong.includes(resource.resourceType) ? 'is read with the request it belongs to' : 'is not taken in here'
    throw new AppError('INVALID_INPUT', `send a MedicationRequest, or a Bundle that holds some; ${resource.resourceType.slice(0, 40)} ${why}`, { field: 'resourceType' })
  }),
})

type Tools = RouteTools<Services>
type Entry = { resource?: object; response: { status: string; location?: string; outcome?: object } }

async function single({ headers, services, transact }: Tools, actor: Actor, request: MedicationRequest): Promise<RouteAnswer> {
  const ifNoneExist = headers['if-none-exist']
  const received = await transact(async (em) =>
    (ifNoneExist && (await knownRequest(em, actor, request, String(ifNoneExist)))) || receiveMedicationRequest(em, actor, services, request, () => undefined))
  return fhirAnswer(received.status, asStored(request, received), { location: locationOf(received) })
}

const locationOf = ({ id }: { id: string }): string => `/fhir/R4/MedicationRequest/${id}`

/** A transaction is taken as a whole or not at all, any other Bundle entry by entry; the answer has one entry for each, in order. */
async function bundle({ services, transact }: Tools, actor: Actor, bundled: Bundle): Promise<RouteAnswer> {
  const { type, entry } = entriesOf(bundled)
  if (type !== 'transaction' && type !== 'batch' && type !== 'collection') throw new AppError('INVALID_INPUT', 'a Bundle here is a transaction, a batch or a collection', { field: 'Bundle.type' })
  if (!entry.some(({ resource }) => resource?.resourceType === 'MedicationRequest')) throw new AppError('INVALID_INPUT', 'the Bundle holds no MedicationRequest', { field: 'Bundle.entry' })
  const named = entry.flatMap(({ fullUrl, resource }) => (resource ? [{ name: fullUrl ?? '', resource }, { name: `${resource.resourceType}/${resource.id ?? ''}`, resource }] : []))
  const byName = new Map(named.map(({ name, resource }) => [name, resource]))
  const resolve: Resolve = (reference) => byName.get(reference)
  const reported: ReportedResource[] = entry.flatMap(({ fullUrl, resource }) => (resource ? [{ name: fullUrl ?? '', resource }] : []))
  const one = (em: EntityManager, each: BundleEntry, place: number) => takeEntry(em, actor, services, each, resolve, reported).catch(inEntry(place))
  const entries = type === 'transaction'
    ? await transact((em) => inTurn(entry, (each, place) => one(em, each, place)))
    : await inTurn(entry, (each, place) => transact((em) => one(em, each, place)).catch((thrown: unknown): Entry => {
        const { status, outcome } = outcomeOf(thrown)
        return { response: { status: String(status), outcome } }
      }))
  return fhirAnswer(200, { resourceType: 'Bundle', type: type === 'transaction' ? 'transaction-response' : 'batch-response', entry: entries })
}

/** Throws INVALID_INPUT where the Bundle is none. */
function entriesOf({ type, entry = [] }: Bundle): Required<Pick<Bundle, 'entry'>> & Pick<Bundle, 'type'> {
  const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value)
  if (!Array.isArray(entry)) throw new AppError('INVALID_INPUT', 'Bundle.entry must be a list', { field: 'Bundle.entry' })
  for (const [place, each] of (entry as unknown[]).entries()) {
    const { fullUrl, resource, request } = (isObject(each) ? each : {}) as BundleEntry
    const whole = isObject(each) && (fullUrl === undefined || typeof fullUrl === 'string') && (request === undefined || isObject(request))
      && (resource === undefined || (isObject(resource) && typeof resource.resourceType === 'string'))
    if (!whole) throw new AppError('INVALID_INPUT', `Bundle.entry[${place}] must be an object with a resource, and may have a fullUrl and a request`, { field: `Bundle.entry[${place}]` })
  }
  return { type, entry }
}

/** Of many entries, which one was refused. */
const inEntry = (place: number) => (thrown: unknown): never => {
  if (!(thrown instanceof AppError) || thrown.row.http >= 500) throw thrown
  const at = (path: unknown): string => `Bundle.entry[${place}].resource${typeof path === 'string' && path.includes('.') ? path.slice(path.indexOf('.')) : ''}`
  const issues = thrown.details['issues'] as readonly Issue[] | undefined
  const details = { ...thrown.details, field: at(thrown.details['field']), ...(issues ? { issues: issues.map(({ path, message }) => ({ path: at(path), message })) } : {}) }
  throw new AppError(thrown.code, thrown.message, details, thrown.row)
}

async function takeEntry(em: EntityManager, actor: Actor, services: Services, { resource, request: how }: BundleEntry, resolve: Resolve, reported: readonly ReportedResource[]): Promise<Entry> {
  if (resource?.resourceType !== 'MedicationRequest') {
    const note = resource && readAlong.includes(resource.resourceType) ? 'read for the requests that refer to it' : 'not taken in: no part of an order'
    return { response: { status: '200', outcome: operationOutcome('informational', note, { severity: 'information' }) } }
  }
  mustBeShaped(resource)
  const request = resource as MedicationRequest
  const history = notAnOrder(request)
  if (history) return { response: { status: '200', outcome: operationOutcome('informational', `not taken in: ${history}`, { severity: 'information' }) } }
  if (how?.method !== undefined && how.method !== 'POST') throw invalid('request.method', `orders are created by POST: ${String(how.method).slice(0, 10)} is not done here`)
  const known = how?.ifNoneExist === undefined ? undefined : await knownRequest(em, actor, request, String(how.ifNoneExist))
  const received = known ?? (await receiveMedicationRequest(em, actor, services, request, resolve, reported))
  return { resource: asStored(request, received), response: { status: String(received.status), location: locationOf(received) } }
}

async function inTurn<Item, Result>(items: readonly Item[], run: (item: Item, place: number) => Promise<Result>): Promise<Result[]> {
  const done: Result[] = []
  for (const [place, item] of items.entries()) done.push(await run(item, place))
  return done
}

export const fhirRoutes = ['/fhir/R4/MedicationRequest', '/fhir/R4', '/fhir/R4/'].map(writeRoute)
