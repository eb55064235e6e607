import { LockMode } from '@mikro-orm/postgresql'
import { apply, invalid, type Actor, type EntityManager } from '@pharmagraph/platform'
import { access } from '../access.ts'
import { Prescription } from '../entities/prescription.ts'
import { prescriptionLifecycle } from '../lifecycles/prescription.ts'
import type { Services } from '../services.ts'
import { completeWorkItem, heldWorkItem, type Held } from './held-work-item.ts'

/** Asks the prescriber; the question goes out over the network from the event, and review resumes with the answer. */
export async function requestClarification(em: EntityManager, actor: Actor, { vault }: Services, input: Held & { question: string }): Promise<Prescription> {
  access.must(actor, 'review:decide', undefined)
  const item = await heldWorkItem(em, actor, input, 'VERIFICATION')
  if (input.question.trim().length < 3 || input.question.length > 1000) throw invalid('question', 'ask in 3 to 1000 characters')
  const prescription = await em.findOneOrFail(Prescription, { id: item.prescriptionId! }, { lockMode: LockMode.PESSIMISTIC_WRITE })
  apply(em, actor, prescriptionLifecycle, prescription, 'requestClarification', { reason: 'CLARIFICATION_REQUESTED' })
  prescription.statusReasonCode = 'CLARIFICATION_REQUESTED'
  prescription.statusReasonSealed = await vault.seal(em, prescription.sealedFor, input.question)
  completeWorkItem(em, actor, item)
  return prescription
}
