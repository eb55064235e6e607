import { TransitionRow, clock, notFound, requestContext, type EntityManager } from '@pharmagraph/platform'
import { Prescription } from '../entities/prescription.ts'
import type { Handled } from './answer-once.ts'

export type StatusEvent = { id: string; status: string; messageId?: string; prescriberOrderNumber?: string }

/** Writes what the network tells of a prescription into its history; the prescription itself stays where it is. */
export async function noteNetworkStatus(em: EntityManager, { status, messageId, prescriberOrderNumber }: StatusEvent): Promise<Handled> {
  const named = [...(messageId ? [{ messageId }] : []), ...(prescriberOrderNumber ? [{ prescriberOrderNumber }] : [])]
  const prescription = await em.findOne(Prescription, { $or: named }, { orderBy: { id: 'desc' } })
  if (!prescription) throw notFound('prescription')
  em.persist(Object.assign(new TransitionRow(), {
    machine: 'prescription', subjectId: prescription.id, from: prescription.status, to: prescription.status, verb: 'networkStatus', reason: status,
    actor: 'system:erx-network', actorRole: 'system', correlationId: requestContext().correlationId, at: clock.now(),
  }))
  return { status: 200, body: JSON.stringify({ received: true, prescriptionId: prescription.id }), prescription }
}
