/** FHIR reads and searches: what the caller may see of prescriptions, fills, alerts and signatures. */
import { raw, type FilterQuery } from '@mikro-orm/postgresql'
import { AppError, invalid, isId, isStaff, notFound, type Actor, type EntityManager, type Route, type RouteTools } from '@pharmagraph/platform'
import { visiblePrescriptions } from '../access.ts'
import type { PrescriptionContent } from '../content.ts'
import { ClinicalAlert, type PatientAlert } from '../entities/clinical-alert.ts'
import { Fill } from '../entities/fill.ts'
import { Prescription } from '../entities/prescription.ts'
import { answering, fhirAnswer } from '../fhir/answers.ts'
import { writeDetectedIssue } from '../fhir/write-detected-issue.ts'
import { writeMedicationDispense } from '../fhir/write-medication-dispense.ts'
import { writeMedicationRequest } from '../fhir/write-medication-request.ts'
import { writeProvenance } from '../fhir/write-provenance.ts'
import type { Services } from '../services.ts'

/** A kind of resource: how its rows are found for prescriptions, and written. Ids sort by time. */
type Kind<Row extends { id: string }> = {
  /** The search parameter that names a prescription. */
  of: string
  find(em: EntityManager, where: Where, limit: number): Promise<Row[]>
  write(em: EntityManager, services: Services, row: Row): Promise<object>
}
/** `prescriptions`: those the caller may see, narrowed by the search. */
type Where = { id?: string; after?: string; prescriptions: FilterQuery<Prescription> }

const content = (em: EntityManager, { vault }: Services, { sealedFor, sealed }: Prescription): Promise<PrescriptionContent> => vault.open(em, sealedFor, sealed)
const idsOf = async (em: EntityManager, where: FilterQuery<Prescription>): Promise<string[]> => (await em.find(Prescription, where, { fields: ['id'], disableIdentityMap: true })).map(({ id }) => id)
const within = ({ id, after }: Where) => ({ $and: [id ? { id } : {}, after ? { id: { $gt: after } } : {}] })

const ofPrescriptions = (write: (em: EntityManager, services: Services, row: Prescription) => Promise<object>, of: string): Kind<Prescription> => ({
  of, write,
  find: (em, where, limit) => em.find(Prescription, { $and: [within(where), where.prescriptions] } as FilterQuery<Prescription>, { orderBy: { id: 'asc' }, limit }),
})

const kinds: Record<string, Kind<never>> = {
  MedicationRequest: ofPrescriptions(async (em, services, row) => writeMedicationRequest(row, await content(em, services, row)), '_id') as Kind<never>,
  Provenance: ofPrescriptions(async (_em, _services, row) => writeProvenance(row), 'target') as Kind<never>,
  MedicationDispense: {
    of: 'prescription',
    find: async (em, where, limit) => em.find(Fill, { $and: [within(where), { prescriptionId: { $in: await idsOf(em, where.prescriptions) } }] } as FilterQuery<Fill>, { orderBy: { id: 'asc' }, limit }),
    async write(em, services, fill: Fill) {
      const prescription = await em.findOneOrFail(Prescription, { id: fill.prescriptionId })
      return writeMedicationDispense(fill, prescription, await content(em, services, prescription))
    },
  } as Kind<Fill> as Kind<never>,
  DetectedIssue: {
    of: 'implicated',
    find: async (em, where, limit) => em.find(ClinicalAlert, { $and: [within(where), { prescriptionId: { $in: await idsOf(em, where.prescriptions) } }] } as FilterQuery<ClinicalAlert>, { orderBy: { id: 'asc' }, limit }),
    async write(em, { vault }, alert: ClinicalAlert) {
      const { sealedFor, sealed, kind, reasonCode, evidence, overrideSealed } = alert
      const opened = await vault.open<string | PatientAlert>(em, sealedFor, sealed)
      const told = typeof opened === 'string' ? ({ kind, reasonCode, evidence, message: opened } as PatientAlert) : opened
      return writeDetectedIssue(alert, told, overrideSealed ? await vault.open<string>(em, sealedFor, overrideSealed) : undefined)
    },
  } as Kind<ClinicalAlert> as Kind<never>,
}

/**
 * Staff see all; a patient and a prescriber their own; a partner what it sent itself. What became of that, the dispensing,
 * a partner is told only while the patient consents to EXCHANGE.
 */
function exchangeable(actor: Actor, type: string): FilterQuery<Prescription> {
  if (isStaff(actor)) return {}
  const consents = raw((alias) => `(select fact.exchange_consent from patient_fact fact where fact.patient_id = ${alias}.patient_id)`)
  const sent = { submittedBy: actor.subject, ...(type === 'MedicationDispense' ? { [consents]: true } : {}) }
  return { $or: [visiblePrescriptions(actor), sent] } as FilterQuery<Prescription>
}

const signedIn = ({ actor }: RouteTools<Services>): Actor => {
  if (!actor) throw new AppError('UNAUTHENTICATED', 'sign in as a partner, a prescriber or a patient')
  return actor
}
/** Reviews are for professionals: a patient sees the alerts' sentences in the portal, with help. */
const mayRead = (type: string, actor: Actor): boolean => type !== 'DetectedIssue' || isStaff(actor) || actor.roles.includes('prescriber')

const readRoute = (type: string, { find, write }: Kind<never>): Route<Services> => ({
  method: 'GET',
  path: `/fhir/R4/${type}/:id`,
  run: answering(async (tools) => {
    const actor = signedIn(tools)
    const id = tools.params['id']
    const resource = await tools.transact(async (em) => {
      const [row] = isId(id) && mayRead(type, actor) ? await find(em, { id, prescriptions: exchangeable(actor, type) }, 1) : []
      return row && write(em, tools.services, row)
    })
    if (!resource) throw notFound(type)
    return fhirAnswer(200, resource)
  }),
})

const mostResults = 100

/** By prescription or by patient (our id), `_count` at a time; the link `next` goes on from the last one. */
const searchRoute = (type: string, { of, find, write }: Kind<never>): Route<Services> => ({
  method: 'GET',
  path: `/fhir/R4/${type}`,
  run: answering(async (tools) => {
    const actor = signedIn(tools)
    const { query } = tools
    const count = Math.min(query['_count'] === undefined ? 20 : Number(query['_count']), mostResults)
    if (!Number.isInteger(count) || count < 1) throw invalid('_count', `_count is a whole number from 1 to ${mostResults}`)
    const [about, patient, after] = [idIn(of, query[of], 'MedicationRequest'), idIn('patient', query['patient'] ?? query['subject'], 'Patient'), idIn('_after', query['_after'])]
    if (!about && !patient) throw invalid(of, `search by ${of} or by patient`)
    const narrowed = { $and: [exchangeable(actor, type), about ? { id: about } : {}, patient ? { patientId: patient } : {}] } as FilterQuery<Prescription>
    const { rows, more } = await tools.transact(async (em) => {
      const found = mayRead(type, actor) ? await find(em, { ...(after ? { after } : {}), prescriptions: narrowed }, count + 1) : []
      const written: { id: string }[] = []
      for (const row of found.slice(0, count)) written.push((await write(em, tools.services, row)) as { id: string })
      return { rows: written, more: found.length > count }
    })
    const url = (extra: Record<string, string>) => `/fhir/R4/${type}?${new URLSearchParams({ ...(about ? { [of]: about } : {}), ...(patient ? { patient } : {}), _count: String(count), ...extra })}`
    return fhirAnswer(200, {
      resourceType: 'Bundle', type: 'searchset',
      link: [{ relation: 'self', url: url(after ? { _after: after } : {}) }, ...(more ? [{ relation: 'next', url: url({ _after: rows.at(-1)!.id }) }] : [])],
      entry: rows.map((resource) => ({ fullUrl: `/fhir/R4/${type}/${resource.id}`, resource, search: { mode: 'match' } })),
    })
  }),
})

/** "Type/id" or the id alone. */
function idIn(name: string, value: string | undefined, type?: string): string | undefined {
  if (value === undefined) return undefined
  const id = type && value.startsWith(`${type}/`) ? value.slice(type.length + 1) : value
  if (!isId(id)) throw invalid(name, `${name} is not one of our ids`)
  return id
}

/** What is spoken here, as FHIR clients ask for it. */
const metadataRoute: Route<Services> = {
  method: 'GET',
  path: '/fhir/R4/metadata',
  run: async () => fhirAnswer(200, {
    resourceType: 'CapabilityStatement', status: 'active', date: '2026-11-22', kind: 'instance', fhirVersion: '4.0.1', format: ['application/fhir+json'],
    implementation: { description: 'Pharmagraph: prescriptions in, dispensing out' },
    rest: [{
      mode: 'server', interaction: [{ code: 'transaction' }, { code: 'batch' }],
      resource: Object.entries(kinds).map(([type, { of }]) => ({
        type, interaction: [{ code: 'read' }, { code: 'search-type' }, ...(type === 'MedicationRequest' ? [{ code: 'create' }] : [])],
        searchParam: [{ name: of, type: of === '_id' ? 'token' : 'reference' }, { name: 'patient', type: 'reference' }],
      })),
    }],
  }),
}

export const fhirReadRoutes = [metadataRoute, ...Object.entries(kinds).flatMap(([type, kind]) => [searchRoute(type, kind), readRoute(type, kind)])]
