import { hasRole, page, type Actor, type Connection, type EntityManager, type Page } from '@pharmagraph/platform'
import { access } from '../access.ts'
import { MessageThread } from '../entities/message.ts'
import { PrescriptionFact } from '../entities/prescription-fact.ts'

/** Prescribers take part in the threads about what they wrote, and in no others. */
export async function wrotePrescriptionOf(em: EntityManager, actor: Actor, { patientId, prescriptionId }: MessageThread): Promise<boolean> {
  if (!hasRole(actor, 'prescriber') || !actor.practitionerId || !prescriptionId) return false
  return (await em.count(PrescriptionFact, { prescriptionId, patientId, practitionerId: actor.practitionerId })) > 0
}

/** The inbox of those who answer. */
export async function threadsToAnswer(em: EntityManager, actor: Actor, request: Page): Promise<Connection<MessageThread>> {
  access.must(actor, 'thread:list', undefined)
  if (hasRole(actor, 'pharmacist', 'pharmacist-in-charge')) return page<MessageThread>(em, MessageThread, {}, request)
  const written = actor.practitionerId ? await em.find(PrescriptionFact, { practitionerId: actor.practitionerId }, { fields: ['prescriptionId'] }) : []
  return page<MessageThread>(em, MessageThread, { prescriptionId: { $in: written.map(({ prescriptionId }) => prescriptionId) } }, request)
}
