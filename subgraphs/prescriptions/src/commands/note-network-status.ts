import { TransitionRow, clock, isId, requestContext, type EntityManager } from '@pharmagraph/platform'
import { Fill } from '../entities/fill.ts'
import { NetworkStatus } from '../entities/network-status.ts'
import { OwedBalance } from '../entities/owed-balance.ts'
import { Prescription } from '../entities/prescription.ts'
import type { Services } from '../services.ts'
import { answerClarification, askedAbout } from './answer-clarification.ts'
import type { Handled } from './answer-once.ts'

export type StatusEvent = { id: string; status: string; occurredAt: Date; messageId?: string; prescriberOrderNumber?: string }

/**
 * Keeps what the network tells of a prescription, and writes it into the history where the prescription is here already; the
 * prescription itself stays where it is. In whatever order and however often it is told, the same is known in the end.
 */
export async function noteNetworkStatus(em: EntityManager, { id, status, occurredAt, messageId, prescriberOrderNumber }: StatusEvent): Promise<Handled> {
  em.create(NetworkStatus, { eventId: id, status, occurredAt, messageId: messageId ?? null, prescriberOrderNumber: prescriberOrderNumber ?? null, receivedAt: clock.now() })
  const named = [...(messageId ? [{ messageId }] : []), ...(prescriberOrderNumber ? [{ prescriberOrderNumber }] : [])]
  const prescription = await em.findOne(Prescription, { $or: named }, { orderBy: { id: 'desc' } })
  if (prescription) writeDown(em, prescription, status)
  return { status: prescription ? 200 : 202, body: JSON.stringify({ received: true, prescriptionId: prescription?.id ?? null }), ...(prescription ? { prescription } : {}) }
}

/** The same for what is said of a message of ours. A question that did not arrive goes back to the pharmacist. Undefined where it is about none. */
export async function noteAnswerTo(em: EntityManager, services: Services, { relatesTo, status, failed }: { relatesTo: string; status: string; failed: boolean }): Promise<Prescription | undefined> {
  const prescription = await spokenOf(em, relatesTo)
  if (!prescription) return undefined
  writeDown(em, prescription, status)
  if (!failed || prescription.status !== 'CLARIFICATION' || !askedAbout(relatesTo)) return prescription
  await answerClarification(em, services, { relatesTo, outcome: 'NotDelivered', note: status })
  prescription.statusReasonCode = 'QUESTION_NOT_DELIVERED'
  return prescription
}

/** Message ids of what we tell of a remainder that is void. */
export const voidMessageId = (balanceId: string): string => `RXVOID-${balanceId}`

/** Of which prescription a message of ours spoke: RXFILL-<fill>, RXVOID-<balance> or CLARIFY-<prescription>-<event>. */
async function spokenOf(em: EntityManager, messageId: string): Promise<Prescription | null> {
  const fillId = /^RXFILL-(.*)$/.exec(messageId)?.[1]
  const fill = isId(fillId) ? await em.findOne(Fill, { id: fillId }) : null
  const balanceId = /^RXVOID-(.*)$/.exec(messageId)?.[1]
  const balance = isId(balanceId) ? await em.findOne(OwedBalance, { id: balanceId }) : null
  const id = fill?.prescriptionId ?? balance?.prescriptionId ?? askedAbout(messageId)
  return id ? em.findOne(Prescription, { id }) : null
}

function writeDown(em: EntityManager, { id, status: state }: Prescription, status: string): void {
  em.persist(Object.assign(new TransitionRow(), {
    machine: 'prescription', subjectId: id, from: state, to: state, verb: 'networkStatus', reason: status,
    actor: 'system:erx-network', actorRole: 'system', correlationId: requestContext().correlationId, at: clock.now(),
  }))
}
