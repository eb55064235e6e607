import { demoData, systemActor, type Actor, type EntityManager } from '@pharmagraph/platform'
import { addInsurancePolicy } from './commands/add-insurance-policy.ts'
import { accept } from './commands/accept-caregiver-invitation.ts'
import { inviteCaregiver } from './commands/invite-caregiver.ts'
import { recordAllergy } from './commands/record-allergy.ts'
import { recordCondition } from './commands/record-condition.ts'
import { createPatient } from './commands/register-patient.ts'
import { registerPractitioner } from './commands/register-practitioner.ts'
import type { CodedConcept, severities } from './entities/allergy.ts'
import { Delegation, delegationScopes, type DelegationScope } from './entities/delegation.ts'
import { relationships, type Relationship } from './entities/insurance-policy.ts'
import { Patient, type Identity } from './entities/patient.ts'
import { Practitioner, type DeaSchedule, type licenceStatuses } from './entities/practitioner.ts'
import type { Services } from './services.ts'

type PractitionerEntry = {
  id: string; givenName: string; familyName: string; npi: string; dea: string | null; licenseNumber: string; licenseState: string
  licenseStatus: (typeof licenceStatuses)[number]; licenseExpires: string; specialty: string; scheduleAuthority: DeaSchedule[]; organization: string; phone: string
}
type PatientEntry = {
  id: string; givenName: string; familyName: string; birthDate: string; sex: string; phone: string; email: string; language: string
  insurance?: { payer: string; rxBin: string; rxPcn: string; rxGroup: string; memberId: string; relationship: string } | null
  allergies: (CodedConcept & { reaction: string; severity: (typeof severities)[number] })[]
  conditions: CodedConcept[]
}
type People = {
  practitioners: PractitionerEntry[]
  patients: PatientEntry[]
  caregivers?: { patientId: string; subject: string; name: string; relationship: string; scopes?: DelegationScope[] }[]
}
type Tools = { services: Services; transact<T>(work: (em: EntityManager) => Promise<T>): Promise<T> }

/** The demo people, through the same commands as real ones. Those already there are left alone. */
export async function seed({ services, transact }: Tools): Promise<void> {
  const people = demoData<People>('people.json')
  const actor = systemActor('patients')
  await transact(async (em) => {
    const practitioners = new Set((await em.find(Practitioner, {}, { fields: ['id'] })).map(({ id }) => id))
    for (const entry of people.practitioners) if (!practitioners.has(entry.id)) await registerPractitioner(em, actor, practitionerOf(entry))
    const known = new Set((await em.find(Patient, {}, { fields: ['id'] })).map(({ id }) => id))
    for (const entry of people.patients) if (!known.has(entry.id)) await addPatient(em, actor, services, entry)
    for (const caregiver of people.caregivers ?? []) await delegate(em, actor, services, caregiver)
  })
}

const practitionerOf = (entry: PractitionerEntry) => ({
  id: entry.id, given: entry.givenName, family: entry.familyName, npi: entry.npi, deaNumber: entry.dea, specialty: entry.specialty,
  scheduleAuthority: entry.scheduleAuthority, phone: entry.phone, clinic: entry.organization,
  licences: [{ number: entry.licenseNumber, state: entry.licenseState, status: entry.licenseStatus, expiresOn: entry.licenseExpires }],
})

async function addPatient(em: EntityManager, actor: Actor, services: Services, entry: PatientEntry): Promise<void> {
  const { id: patientId } = await createPatient(em, actor, services, entry.id, {
    given: entry.givenName, family: entry.familyName, dateOfBirth: entry.birthDate, sex: entry.sex.toUpperCase() as Identity['sex'],
    email: entry.email, phone: entry.phone, preferredLanguage: entry.language, consents: ['DISPENSING', 'NOTIFICATIONS'], policyVersion: '2026-11',
  })
  if (entry.insurance) {
    const { payer, memberId, rxGroup, rxBin, rxPcn, relationship } = entry.insurance
    await addInsurancePolicy(em, actor, services, { patientId, payer, memberId, groupNumber: rxGroup, bin: rxBin, pcn: rxPcn, relationship: relationshipOf(relationship) })
  }
  for (const { reaction, severity, ...coded } of entry.allergies) {
    await recordAllergy(em, actor, services, { patientId, substance: conceptOf(coded), reaction, severity })
  }
  for (const coded of entry.conditions) await recordCondition(em, actor, services, { patientId, code: conceptOf(coded) })
}

async function delegate(em: EntityManager, actor: Actor, services: Services, { subject, scopes, ...entry }: NonNullable<People['caregivers']>[number]): Promise<void> {
  if (await em.findOne(Delegation, { patientId: entry.patientId, subject })) return
  const { invitation } = await inviteCaregiver(em, actor, services, { ...entry, scopes: scopes ?? delegationScopes })
  await accept(em, actor, await em.findOneOrFail(Delegation, { id: invitation.id }), subject)
}

const relationshipOf = (text: string): Relationship => relationships.find((known) => known === text) ?? (text === 'SELF' ? 'CARDHOLDER' : 'OTHER')
const conceptOf = ({ system, code, display }: CodedConcept): CodedConcept => ({ system, code, display })
