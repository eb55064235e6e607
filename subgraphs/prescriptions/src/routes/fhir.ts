import { AppError, canonicalHash, canonicalJson, forbidden, invalid, isId, isStaff, notFound, type Actor, type EntityManager, type Route, type RouteAnswer, type RouteTools } from '@pharmagraph/platform'
import { access, visiblePrescriptions } from '../access.ts'
import { answerOnce, type Handled } from '../commands/answer-once.ts'
import { receivePrescription } from '../commands/receive-prescription.ts'
import type { PrescriptionContent } from '../content.ts'
import { Prescription } from '../entities/prescription.ts'
import { notAnOrder, readMedicationRequest, type Resolve } from '../fhir/medication-request.ts'
import { operationOutcome, systems, type Bundle, type IssueCode, type MedicationRequest, type Resource } from '../fhir/r4.ts'
import { writeMedicationRequest } from '../fhir/write-medication-request.ts'
import type { Services } from '../services.ts'

const contentType = 'application/fhir+json; charset=utf-8'
const issueCodes: Record<string, IssueCode> = { NOT_FOUND: 'not-found', UNAUTHENTICATED: 'login', FORBIDDEN: 'forbidden', INVALID_INPUT: 'invalid' }

/** MedicationRequests of partners and prescribers' systems, alone or in a transaction or collection Bundle. */
const writeRoute = (path: string): Route<Services> => ({
  method: 'POST',
  path,
  run: answering(async (tools) => {
    if (!tools.actor) throw new AppError('UNAUTHENTICATED', 'sign in as a partner or a prescriber')
    access.must(tools.actor, 'intake:receive', undefined)
    const resource = parse(tools.body)
    if (resource.resourceType === 'MedicationRequest') return single(tools, tools.actor, resource as MedicationRequest)
    if (resource.resourceType === 'Bundle') return bundle(tools, tools.actor, resource as Bundle)
    throw new AppError('INVALID_INPUT', 'send a MedicationRequest, or a Bundle that holds some', { field: 'resourceType' })
  }),
})

/** FHIR tells a refusal as an OperationOutcome. */
function answering(run: Route<Services>['run']): Route<Services>['run'] {
  return async (tools) => {
    try {
      return await run(tools)
    } catch (thrown) {
      const { status, outcome } = outcomeOf(thrown)
      return { status, body: outcome, contentType }
    }
  }
}

type Taken = { status: number; resource: object; location?: string }
type Tools = RouteTools<Services>

/** What a partner or prescriber sent, as it stands now. */
const readRoute: Route<Services> = {
  method: 'GET',
  path: '/fhir/R4/MedicationRequest/:id',
  run: answering(async ({ actor, params, services, transact }) => {
    if (!actor) throw new AppError('UNAUTHENTICATED', 'sign in as a partner or a prescriber')
    const body = await transact(async (em) => {
      const id = params['id']
      const prescription = isId(id) ? await em.findOne(Prescription, isStaff(actor) ? { id } : { $and: [{ id }, { $or: [visiblePrescriptions(actor), { submittedBy: actor.subject }] }] }) : null
      if (!prescription) throw notFound('MedicationRequest')
      return writeMedicationRequest(prescription, await services.vault.open<PrescriptionContent>(em, prescription.sealedFor, prescription.sealed))
    })
    return { status: 200, body, contentType }
  }),
}


async function single({ services, transact }: Tools, actor: Actor, request: MedicationRequest): Promise<RouteAnswer & { headers?: Record<string, string> }> {
  const { status, resource, location } = await transact((em) => receive(em, actor, services, request, () => undefined))
  return { status, body: resource, contentType, ...(location ? { headers: { location } } : {}) }
}

/** A transaction is taken as a whole or not at all; a collection entry by entry. Entries of other kinds are only looked up. */
async function bundle({ services, transact }: Tools, actor: Actor, { type, entry = [] }: Bundle): Promise<RouteAnswer> {
  if (type !== 'transaction' && type !== 'collection') throw new AppError('INVALID_INPUT', 'a Bundle here is a transaction or a collection', { field: 'Bundle.type' })
  const byName = new Map(entry.flatMap(({ fullUrl, resource }) => (resource ? [[fullUrl ?? '', resource] as const, [`${resource.resourceType}/${resource.id ?? ''}`, resource] as const] : [])))
  const resolve: Resolve = (reference) => byName.get(reference)
  const requests = entry.flatMap(({ resource }) => (resource?.resourceType === 'MedicationRequest' ? [resource as MedicationRequest] : []))
  if (requests.length === 0) throw new AppError('INVALID_INPUT', 'the Bundle holds no MedicationRequest', { field: 'Bundle.entry' })
  const one = async (em: EntityManager, request: MedicationRequest) => entryOf(await receive(em, actor, services, request, resolve, { skipHistory: true }))
  const entries = type === 'transaction'
    ? await transact(async (em) => {
        const done = []
        for (const request of requests) done.push(await one(em, request))
        return done
      })
    : await inTurn(requests, (request) => transact((em) => one(em, request)).catch((thrown: unknown) => {
        const { status, outcome } = outcomeOf(thrown)
        return { response: { status: String(status), outcome } }
      }))
  return { status: 200, contentType, body: { resourceType: 'Bundle', type: type === 'transaction' ? 'transaction-response' : 'batch-response', entry: entries } }
}

async function inTurn<Item, Result>(items: readonly Item[], run: (item: Item) => Promise<Result>): Promise<Result[]> {
  const done: Result[] = []
  for (const item of items) done.push(await run(item))
  return done
}

const entryOf = ({ status, resource, location }: Taken) =>
  location ? { resource, response: { status: String(status), location } } : { response: { status: String(status), outcome: resource } }

/** One request becomes one prescription: recognised by its first identifier, or without one by its content. */
async function receive(
  em: EntityManager, actor: Actor, services: Services, request: MedicationRequest, resolve: Resolve, { skipHistory = false } = {},
): Promise<Taken> {
  const history = notAnOrder(request)
  if (history && skipHistory) return { status: 200, resource: operationOutcome('informational', `not taken in: ${history}`, { severity: 'information' }) }
  if (history) throw invalid('MedicationRequest.status', history)
  const content = readMedicationRequest(request, resolve)
  const [identifier] = request.identifier ?? []
  const identity = identifier?.value ? canonicalHash([identifier.system ?? '', identifier.value]) : canonicalHash(content)
  const key = `fhir:${actor.clientId ?? actor.subject}:${identity}`
  // what is kept to answer a repeat names the prescription only: the request itself is kept sealed
  const answer = await answerOnce(em, services, { key, raw: canonicalJson({ request, content }) }, async (): Promise<Handled> => {
    const prescription = await receivePrescription(em, actor, services, { content, source: 'FHIR', externalKey: key, prescriberOrderNumber: identifier?.value?.slice(0, 100) })
    mustBeOwn(actor, prescription.practitionerId)
    const { id, number, receivedAt } = prescription
    return { status: 201, body: JSON.stringify({ id, number, receivedAt }), prescription }
  })
  const { id, number, receivedAt } = JSON.parse(answer.body) as { id: string; number: string; receivedAt: string }
  const stored = { ...request, id, meta: { versionId: '1', lastUpdated: receivedAt }, identifier: [...(request.identifier ?? []), { system: systems.prescription, value: number }] }
  return { status: answer.status, resource: stored, location: `/fhir/R4/MedicationRequest/${id}` }
}

/** A prescriber's system writes for that prescriber only; a partner for all of its clinic's. */
function mustBeOwn(actor: Actor, practitionerId: string | null | undefined): void {
  if (!actor.roles.includes('partner') && actor.practitionerId !== practitionerId) throw forbidden('the requester is another prescriber than the one signed in')
}

function parse(body: Buffer): Resource {
  try {
    const text = body.toString()
    const resource = JSON.parse(text) as Resource | null
    if (text.includes('\\u0000')) throw invalid('resourceType', 'the body holds a NUL character')
    if (resource && typeof resource === 'object' && typeof resource.resourceType === 'string') return resource
  } catch (thrown) {
    if (thrown instanceof AppError) throw thrown
  }
  throw new AppError('INVALID_INPUT', 'the body is not a FHIR resource in JSON', { field: 'resourceType' })
}

function outcomeOf(thrown: unknown): { status: number; outcome: object } {
  if (!(thrown instanceof AppError) || thrown.row.http >= 500) throw thrown
  const field = thrown.details['field']
  return { status: thrown.row.http, outcome: operationOutcome(issueCodes[thrown.code] ?? 'business-rule', thrown.message, { expression: typeof field === 'string' ? field : undefined }) }
}

export const fhirRoutes = [...['/fhir/R4/MedicationRequest', '/fhir/R4', '/fhir/R4/'].map(writeRoute), readRoute]
