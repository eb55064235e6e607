import { clock, notFound, type Actor, type EntityManager } from '@pharmagraph/platform'
import { Allergy } from '../entities/allergy.ts'
import { Condition } from '../entities/condition.ts'
import { InsurancePolicy } from '../entities/insurance-policy.ts'
import * as fields from '../fields.ts'
import type { Services } from '../services.ts'
import { announceClinicalProfile } from './announce-clinical-profile.ts'
import { patientNamed } from './patient-named.ts'

type OfPatient = { patientId?: string | null | undefined }

export async function removeAllergy(em: EntityManager, actor: Actor, services: Services, input: OfPatient & { allergyId: string }): Promise<string> {
  const patient = await patientNamed(em, actor, 'patient:record-allergy', input.patientId)
  const allergy = await em.findOne(Allergy, { id: fields.id('allergyId', input.allergyId), patientId: patient.id })
  if (end(allergy, 'allergy')) await announceClinicalProfile(em, actor, services, patient)
  return input.allergyId
}

export async function removeCondition(em: EntityManager, actor: Actor, services: Services, input: OfPatient & { conditionId: string }): Promise<string> {
  const patient = await patientNamed(em, actor, 'patient:record-condition', input.patientId)
  const condition = await em.findOne(Condition, { id: fields.id('conditionId', input.conditionId), patientId: patient.id })
  if (end(condition, 'condition')) await announceClinicalProfile(em, actor, services, patient)
  return input.conditionId
}

export async function removeInsurancePolicy(em: EntityManager, actor: Actor, input: OfPatient & { policyId: string }): Promise<string> {
  const { id: patientId } = await patientNamed(em, actor, 'patient:add-insurance', input.patientId)
  end(await em.findOne(InsurancePolicy, { id: fields.id('policyId', input.policyId), patientId }), 'insurance policy')
  return input.policyId
}

/** True when it was in force until now. The row stays: a record is not rewritten, it goes on (45 CFR 164.526). */
function end(row: { endedAt?: Date | null | undefined } | null, what: string): boolean {
  if (!row) throw notFound(what)
  if (row.endedAt) return false
  row.endedAt = clock.now()
  return true
}
