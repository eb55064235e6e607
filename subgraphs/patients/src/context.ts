import { byId, isId, listBy, pageByParent, perArguments, type Actor, type EntityManager, type Page, type SubgraphContext } from '@pharmagraph/platform'
import DataLoader from 'dataloader'
import { Allergy, type AllergyDetails, type CodedConcept } from './entities/allergy.ts'
import { Caregiver } from './entities/caregiver.ts'
import { Condition } from './entities/condition.ts'
import { InsurancePolicy, type InsuranceDetails } from './entities/insurance-policy.ts'
import { Message, MessageThread } from './entities/message.ts'
import { Patient } from './entities/patient.ts'
import { Licence, Practitioner } from './entities/practitioner.ts'
import { openAll, openPatients, type OpenedPatient } from './opened.ts'
import { latestConsents } from './reads/latest-consents.ts'
import { patientsVisibleTo } from './reads/visible-patients.ts'
import type { Services } from './services.ts'

export const loaders = (em: EntityManager, actor: Actor, { vault }: Services) => {
  let visible: ReturnType<typeof patientsVisibleTo> | undefined
  /** The ids the actor may see; everything of a patient hangs on it. */
  const seen = async (ids: readonly string[]): Promise<string[]> => {
    const allowed = await (visible ??= patientsVisibleTo(em, actor))
    return ids.filter((id) => isId(id) && (allowed === 'all' || allowed.includes(id)))
  }

  const patient = new DataLoader<string, OpenedPatient | null>(async (ids) => {
    const opened = await openPatients(em, vault, await em.find(Patient, { id: { $in: await seen(ids) } }))
    const map = new Map(opened.map((row) => [row.id, row]))
    return ids.map((id) => map.get(id) ?? null)
  })

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
    patient,
    insurance: opened<InsurancePolicy & InsuranceDetails>(listBy(em, InsurancePolicy, 'patientId')),
    allergies: opened<Allergy & AllergyDetails>(listBy(em, Allergy, 'patientId')),
    conditions: opened<{ code: CodedConcept }>(listBy(em, Condition, 'patientId')),
    caregivers: opened<Caregiver & { name: string }>(listBy(em, Caregiver, 'patientId')),
    consents: new DataLoader((ids: readonly string[]) => latestConsents(em, ids)),
    threads: perArguments((page: Page) => pageByParent(em, MessageThread, 'patientId', {}, page)),
    thread: new DataLoader<string, MessageThread | null>(async (ids) => {
      const found = await em.find(MessageThread, { id: { $in: ids.filter(isId) } })
      const allowed = new Set(await seen(found.map(({ patientId }) => patientId)))
      const map = new Map(found.filter(({ patientId }) => allowed.has(patientId)).map((row) => [row.id, row]))
      return ids.map((id) => map.get(id) ?? null)
    }),
    messages: opened<Message & { body: string }>(listBy(em, Message, 'threadId')),
    practitioner: byId(em, Practitioner),
    licences: listBy(em, Licence, 'practitionerId'),
  }
}

export type Context = SubgraphContext<ReturnType<typeof loaders>, Services>
