import {
  byId, clock, hasRole, isId, listBy, pageByParent, perArguments, toConnection,
  type Actor, type Connection, type EntityManager, type Page, type SubgraphContext,
} from '@pharmagraph/platform'
import DataLoader from 'dataloader'
import { Allergy, type AllergyDetails, type CodedConcept } from './entities/allergy.ts'
import { Condition } from './entities/condition.ts'
import { Delegation, type DelegationDetails, type DelegationScope } from './entities/delegation.ts'
import { Disclosure } from './entities/disclosure.ts'
import { EmergencyAccess } from './entities/emergency-access.ts'
import { ErasureConfirmation, RecordFact } from './entities/erasure.ts'
import { InsurancePolicy, type InsuranceDetails } from './entities/insurance-policy.ts'
import { Message, MessageThread } from './entities/message.ts'
import { Notification } from './entities/notification.ts'
import { Patient } from './entities/patient.ts'
import { PrescriptionFact } from './entities/prescription-fact.ts'
import { Licence, Practitioner } from './entities/practitioner.ts'
import { openAll, openPatients, type OpenedPatient } from './opened.ts'
import { latestConsents } from './reads/latest-consents.ts'
import { patientsVisibleTo } from './reads/visible-patients.ts'
import type { Services } from './services.ts'

const nameOf = (patient: OpenedPatient | null): { given: string; family: string } | null => patient && { given: patient.given, family: patient.family }

export const loaders = (em: EntityManager, actor: Actor, { vault }: Services) => {
  const visible = new Map<DelegationScope, ReturnType<typeof patientsVisibleTo>>()
  /** The ids the actor may see for what they want to do; everything of a patient hangs on it. */
  const seen = async (ids: readonly string[], scope: DelegationScope): Promise<string[]> => {
    const asked = visible.get(scope) ?? patientsVisibleTo(em, actor, scope)
    visible.set(scope, asked)
    const allowed = await asked
    return ids.filter((id) => isId(id) && (allowed === 'all' || allowed.includes(id)))
  }

  const openedPatients = async (ids: readonly string[]): Promise<(id: string) => OpenedPatient | null> => {
    const opened = await openPatients(em, vault, await em.find(Patient, { id: { $in: [...ids] } }))
    const map = new Map(opened.map((row) => [row.id, row]))
    return (id) => map.get(id) ?? null
  }

  /** Sealed children of patients already found visible, by the parent's id. */
  const opened = <Details>(list: DataLoader<string, { id: string; patientId: string; sealed: string }[]>) =>
    new DataLoader<string, (Details & { id: string })[]>(async (keys) => {
      const lists = (await list.loadMany(keys)).map((rows) => {
        if (rows instanceof Error) throw rows
        return rows
      })
      const byRow = new Map((await openAll<(typeof lists)[number][number], Details>(em, vault, lists.flat())).map((row) => [row.id, row]))
      return lists.map((rows) => rows.flatMap(({ id }) => byRow.get(id) ?? []))
    })

  return {
    patient: new DataLoader<string, OpenedPatient | null>(async (ids) => ids.map(await openedPatients(await seen(ids, 'VIEW')))),
    /** Names of the patients of threads the actor was found to take part in. */
    participant: new DataLoader<string, { given: string; family: string } | null>(async (ids) => {
      const of = await openedPatients(ids)
      return ids.map((id) => nameOf(of(id)))
    }),
    insurance: opened<InsurancePolicy & InsuranceDetails>(listBy(em, InsurancePolicy, 'patientId', { scope: { endedAt: null } })),
    allergies: opened<Allergy & AllergyDetails>(listBy(em, Allergy, 'patientId', { scope: { endedAt: null } })),
    conditions: opened<{ code: CodedConcept }>(listBy(em, Condition, 'patientId', { scope: { endedAt: null } })),
    caregivers: opened<Delegation & DelegationDetails>(listBy(em, Delegation, 'patientId', { scope: { status: 'ACTIVE' } })),
    invitations: opened<Delegation & DelegationDetails>(listBy(em, Delegation, 'patientId', { scope: { status: 'INVITED', expiresAt: { $gt: clock.now() } } })),
    /** What caregivers are to their patients; null once the patient is erased. */
    relationship: new DataLoader<Delegation, string | null>(async (delegations) => {
      const opened = new Map((await openAll<Delegation, DelegationDetails>(em, vault, delegations)).map(({ id, relationship }) => [id, relationship]))
      return delegations.map(({ id }) => opened.get(id) ?? null)
    }),
    notifications: perArguments((page: Page) => pageByParent(em, Notification, 'patientId', {}, page)),
    disclosures: perArguments((page: Page) => pageByParent(em, Disclosure, 'patientId', {}, page)),
    emergencyAccesses: perArguments((page: Page) => pageByParent(em, EmergencyAccess, 'patientId', {}, page)),
    consents: new DataLoader((ids: readonly string[]) => latestConsents(em, ids)),
    /** None where the actor may see the patient, but not the messages. */
    threads: perArguments((page: Page) => {
      const pages = pageByParent(em, MessageThread, 'patientId', {}, page)
      return new DataLoader<string, Connection<MessageThread>>(async (ids) => {
        const allowed = new Set(await seen(ids, 'MESSAGES'))
        return Promise.all(ids.map((id) => (allowed.has(id) ? pages.load(id) : toConnection<MessageThread>([], 1))))
      })
    }),
    thread: new DataLoader<string, MessageThread | null>(async (ids) => {
      const found = await em.find(MessageThread, { id: { $in: ids.filter(isId) } })
      const allowed = new Set(await seen(found.map(({ patientId }) => patientId), 'MESSAGES'))
      const written = hasRole(actor, 'prescriber') && actor.practitionerId
        ? await em.find(PrescriptionFact, { practitionerId: actor.practitionerId, prescriptionId: { $in: found.flatMap(({ prescriptionId }) => prescriptionId ?? []) } })
        : []
      const wrote = ({ patientId, prescriptionId }: MessageThread): boolean => written.some((fact) => fact.prescriptionId === prescriptionId && fact.patientId === patientId)
      const map = new Map(found.filter((row) => allowed.has(row.patientId) || wrote(row)).map((row) => [row.id, row]))
      return ids.map((id) => map.get(id) ?? null)
    }),
    messages: opened<Message & { body: string }>(listBy(em, Message, 'threadId')),
    recordFact: new DataLoader<string, RecordFact | null>(async (ids) => {
      const facts = new Map((await em.find(RecordFact, { patientId: { $in: [...ids] } })).map((fact) => [fact.patientId, fact]))
      return ids.map((id) => facts.get(id) ?? null)
    }),
    confirmations: listBy(em, ErasureConfirmation, 'requestId', { orderBy: { service: 'asc' } }),
    practitioner: byId(em, Practitioner),
    licences: listBy(em, Licence, 'practitionerId'),
  }
}

export type Context = SubgraphContext<ReturnType<typeof loaders>, Services>
