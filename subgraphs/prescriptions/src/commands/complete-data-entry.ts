import { LockMode } from '@mikro-orm/postgresql'
import { apply, invalid, isId, type Actor, type EntityManager } from '@pharmagraph/platform'
import { access } from '../access.ts'
import type { PrescriptionContent } from '../content.ts'
import { DrugFact, PatientFact } from '../entities/facts.ts'
import { IntakeMessage } from '../entities/intake-message.ts'
import { Prescription } from '../entities/prescription.ts'
import type { WorkItem } from '../entities/work-item.ts'
import { prescriptionLifecycle } from '../lifecycles/prescription.ts'
import { match } from '../matching.ts'
import { needsDataEntry } from '../reads/missing-elements.ts'
import { patientState } from '../reads/fillable.ts'
import { validity } from '../regulations/decisions.ts'
import type { Services } from '../services.ts'
import { completeWorkItem, heldWorkItem, type Held } from './held-work-item.ts'
import { isUnread } from './receive-upload.ts'
import { beginReview } from './triage-prescription.ts'

export type DataEntry = Held & { patientId?: string | null | undefined; drugId?: string | null | undefined; daysSupply?: number | null | undefined }

/** Adds what the message lacked and hands the prescription to review; what the message said stays as it is. */
export async function completeDataEntry(em: EntityManager, actor: Actor, services: Services, input: DataEntry): Promise<Prescription> {
  access.must(actor, 'data:enter', undefined)
  const item = await heldWorkItem(em, actor, input, 'DATA_ENTRY')
  const prescription = await em.findOneOrFail(Prescription, { id: item.prescriptionId! }, { lockMode: LockMode.PESSIMISTIC_WRITE })
  if (isUnread(prescription)) throw invalid('workItemId', 'nobody has read the picture yet: transcribe it')
  const content = await services.vault.open<PrescriptionContent>(em, prescription.sealedFor, prescription.sealed)
  // patients, prescribers and drugs may have become known since it came
  const { patientId, practitionerId, drug } = await match(em, services.matchKey, content)
  await fillIn(em, services, prescription, {
    patientId: input.patientId ? await knownPatient(em, input.patientId) : (prescription.patientId ?? patientId),
    practitionerId: prescription.practitionerId ?? practitionerId,
    drug: input.drugId ? await knownDrug(em, input.drugId) : drug,
    daysSupply: content.daysSupply ?? wholeDays(input.daysSupply),
  })
  if (!prescription.patientId) throw invalid('patientId', 'the patient was not found by the message: name the patient')
  if (!prescription.drugId) throw invalid('drugId', 'the drug was not found by the message: name the drug')
  if (!prescription.daysSupply) throw invalid('daysSupply', "the message has no days' supply: work it out from quantity and directions")
  if (needsDataEntry(prescription)) throw invalid('workItemId', 'the prescriber is not in our register: register the prescriber, or reject the prescription')
  return endDataEntry(em, actor, services, prescription, item)
}

/** What is entered is whole: who entered it is on record, and may not verify it. */
export async function endDataEntry(em: EntityManager, actor: Actor, services: Services, prescription: Prescription, item: WorkItem): Promise<Prescription> {
  prescription.enteredBy = actor.subject
  apply(em, actor, prescriptionLifecycle, prescription, 'completeDataEntry')
  completeWorkItem(em, actor, item)
  await em.flush()
  await beginReview(em, services, prescription)
  return prescription
}

type Completed = { patientId: string | null; practitionerId: string | null; drug: DrugFact | null; daysSupply: number | null }

/** Records what is known now; the content moves under the patient's own key, so that erasing the patient erases it. */
export async function fillIn(em: EntityManager, { vault }: Services, prescription: Prescription, { patientId, practitionerId, drug, daysSupply }: Completed): Promise<void> {
  if (patientId && prescription.sealedFor !== patientId) {
    const messages = await em.find(IntakeMessage, { prescriptionId: prescription.id })
    for (const row of [prescription, ...messages]) {
      if (row.sealed && row.sealedFor) row.sealed = await vault.seal(em, patientId, await vault.open(em, row.sealedFor, row.sealed))
      row.sealedFor = patientId
    }
    prescription.matchTokens = []
  }
  prescription.patientId = patientId
  prescription.patientState ??= await patientState(em, patientId, await vault.open<PrescriptionContent>(em, prescription.sealedFor, prescription.sealed))
  prescription.practitionerId = practitionerId
  prescription.daysSupply = daysSupply
  if (drug) {
    const { lastDay, rule } = validity(drug.deaSchedule, prescription.issueDate, { state: prescription.patientState, earliestFillDate: prescription.earliestFillDate })
    Object.assign(prescription, { drugId: drug.drugId, deaSchedule: drug.deaSchedule, expiryDate: lastDay, expiryRule: rule.id })
  }
  await em.flush()
}

async function knownPatient(em: EntityManager, patientId: string): Promise<string> {
  const known = isId(patientId) && (await em.count(PatientFact, { patientId, registered: true }))
  if (!known) throw invalid('patientId', 'no such patient is registered')
  return patientId
}

export async function knownDrug(em: EntityManager, drugId: string): Promise<DrugFact> {
  const drug = isId(drugId) ? await em.findOne(DrugFact, { drugId }) : null
  if (!drug) throw invalid('drugId', 'no such drug is in the catalog')
  return drug
}

function wholeDays(days: number | null | undefined): number | null {
  if (days === null || days === undefined) return null
  if (!Number.isInteger(days) || days < 1 || days > 365) throw invalid('daysSupply', "the days' supply must be from 1 to 365 days")
  return days
}
