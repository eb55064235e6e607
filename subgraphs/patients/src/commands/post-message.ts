import { clock, emit, forbidden, hasRole, newId, notFound, type Actor, type EntityManager } from '@pharmagraph/platform'
import { access } from '../access.ts'
import { Message, MessageThread } from '../entities/message.ts'
import * as fields from '../fields.ts'
import { patientNamed } from './patient-named.ts'
import type { Services } from '../services.ts'

type MessageInput = { threadId?: string | null | undefined; patientId?: string | null | undefined; prescriptionId?: string | null | undefined; body: string }

/** Adds to a thread, or opens one between the patient and the pharmacy. */
export async function postMessage(em: EntityManager, actor: Actor, { vault }: Services, input: MessageInput): Promise<Message & { body: string }> {
  const thread = input.threadId ? await threadFor(em, actor, input.threadId) : await openThread(em, actor, input)
  const body = fields.text('body', input.body, 5_000)
  const { id: threadId, patientId, prescriptionId } = thread
  const message = em.create(Message, {
    id: newId(), threadId, patientId, authorSubject: actor.subject, authorRole: authorRole(actor), sealed: await vault.seal(em, patientId, { body }),
  })
  thread.lastMessageAt = clock.now()
  emit(em, actor, 'patients.message-posted.v1', threadId, {
    threadId, messageId: message.id, patientId, prescriptionId: prescriptionId ?? null, authorRole: message.authorRole,
  })
  await em.flush()
  return { ...message, body }
}

async function threadFor(em: EntityManager, actor: Actor, id: string): Promise<MessageThread> {
  const thread = await em.findOne(MessageThread, { id: fields.id('threadId', id) })
  if (!thread || !access.can(actor, 'patient:post-message', { id: thread.patientId })) throw notFound('message thread')
  return thread
}

async function openThread(em: EntityManager, actor: Actor, input: MessageInput): Promise<MessageThread> {
  const patient = await patientNamed(em, actor, 'patient:post-message', input.patientId)
  const prescriptionId = input.prescriptionId ? fields.id('prescriptionId', input.prescriptionId) : null
  return em.create(MessageThread, { id: newId(), patientId: patient.id, prescriptionId, lastMessageAt: clock.now() })
}

function authorRole(actor: Actor): string {
  if (hasRole(actor, 'patient')) return 'patient'
  if (hasRole(actor, 'pharmacist', 'pharmacist-in-charge')) return 'pharmacist'
  throw forbidden('patients and pharmacists write here')
}
