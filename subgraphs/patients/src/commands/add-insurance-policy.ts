import { blindIndex, newId, type Actor, type EntityManager } from '@pharmagraph/platform'
import { InsurancePolicy, type InsuranceDetails, type Relationship } from '../entities/insurance-policy.ts'
import * as fields from '../fields.ts'
import { patientNamed } from './patient-named.ts'
import type { Services } from '../services.ts'

type PolicyInput = InsuranceDetailsInput & {
  patientId?: string | null | undefined
  bin?: string | null | undefined
  pcn?: string | null | undefined
  relationship?: Relationship | null | undefined
}
type InsuranceDetailsInput = { payer: string; memberId: string; groupNumber?: string | null | undefined }

/** Adds a policy, or replaces the one of the same member id. */
export async function addInsurancePolicy(
  em: EntityManager, actor: Actor, { vault, matchKey }: Services, input: PolicyInput,
): Promise<InsurancePolicy & InsuranceDetails> {
  const patient = await patientNamed(em, actor, 'patient:add-insurance', input.patientId)
  const details: InsuranceDetails = {
    payer: fields.text('payer', input.payer),
    memberId: fields.memberId(input.memberId),
    groupNumber: fields.groupNumber(input.groupNumber),
  }
  const bin = fields.bankIdentificationNumber(input.bin)
  const pcn = fields.processorControlNumber(input.pcn, bin)
  const relationship = input.relationship ?? 'CARDHOLDER'
  const memberIndex = blindIndex(matchKey, 'MEMBER_ID', details.memberId)
  const known = await em.findOne(InsurancePolicy, { patientId: patient.id, memberIndex })
  const policy = known ?? em.create(InsurancePolicy, { id: newId(), patientId: patient.id, memberIndex, sealed: '', bin, pcn, relationship, endedAt: null })
  Object.assign(policy, { sealed: await vault.seal(em, patient.id, details), bin, pcn, relationship, endedAt: null })
  await em.flush()
  return { ...policy, ...details }
}
