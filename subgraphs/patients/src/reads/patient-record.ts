import { notFound, type EntityManager, type Vault } from '@pharmagraph/platform'
import { Allergy, type AllergyDetails, type CodedConcept } from '../entities/allergy.ts'
import { Condition } from '../entities/condition.ts'
import { Consent } from '../entities/consent.ts'
import { Delegation, type DelegationDetails } from '../entities/delegation.ts'
import { Disclosure } from '../entities/disclosure.ts'
import { InsurancePolicy, type InsuranceDetails } from '../entities/insurance-policy.ts'
import { Message, MessageThread } from '../entities/message.ts'
import { Notification } from '../entities/notification.ts'
import { Patient } from '../entities/patient.ts'
import { openAll, openPatients, type OpenedPatient } from '../opened.ts'

export type PatientRecord = {
  patient: OpenedPatient
  insurance: (InsurancePolicy & InsuranceDetails)[]
  allergies: (Allergy & AllergyDetails)[]
  conditions: (Condition & { code: CodedConcept })[]
  /** Every version, oldest first. */
  consents: Consent[]
}

/** The medical record with its history; NOT_FOUND for somebody unknown or erased. */
export async function patientRecord(em: EntityManager, vault: Vault, patientId: string): Promise<PatientRecord> {
  const row = await em.findOne(Patient, { id: patientId })
  const [patient] = await openPatients(em, vault, row ? [row] : [])
  if (!patient) throw notFound('patient')
  const of = [{ patientId }, { orderBy: { id: 'asc' as const } }] as const
  return {
    patient,
    insurance: await openAll<InsurancePolicy, InsuranceDetails>(em, vault, await em.find(InsurancePolicy, ...of)),
    allergies: await openAll<Allergy, AllergyDetails>(em, vault, await em.find(Allergy, ...of)),
    conditions: await openAll<Condition, { code: CodedConcept }>(em, vault, await em.find(Condition, ...of)),
    consents: await em.find(Consent, ...of),
  }
}

export type Correspondence = {
  caregivers: (Delegation & DelegationDetails)[]
  threads: (MessageThread & { messages: (Message & { body: string })[] })[]
  notifications: Notification[]
  disclosures: Disclosure[]
}

/** What is about the patient beyond the medical record. */
export async function correspondence(em: EntityManager, vault: Vault, patientId: string): Promise<Correspondence> {
  const of = [{ patientId }, { orderBy: { id: 'asc' as const } }] as const
  const byThread = Map.groupBy(await openAll<Message, { body: string }>(em, vault, await em.find(Message, ...of)), ({ threadId }) => threadId)
  return {
    caregivers: await openAll<Delegation, DelegationDetails>(em, vault, await em.find(Delegation, ...of)),
    threads: (await em.find(MessageThread, ...of)).map((thread) => ({ ...thread, messages: byThread.get(thread.id) ?? [] })),
    notifications: await em.find(Notification, ...of),
    disclosures: await em.find(Disclosure, ...of),
  }
}
