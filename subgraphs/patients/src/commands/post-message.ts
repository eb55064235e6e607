import { clock, emit, forbidden, hasRole, newId, notFound, type Actor, type EntityManager } from '@pharmagraph/platform'
import { access } from '../access.ts'
import { Message, MessageThread } from '../entities/message.ts'
import { PrescriptionFact } from '../entities/prescription-fact.ts'
import * as fields from '../fields.ts'
import { wrotePrescriptionOf } from '../reads/threads.ts'
import { scopesFor } from '../reads/visible-patients.ts'
import type { Services } from '../services.ts'
import { patientNamed } from './patient-named.ts'
import { queueNotification } from './queue-notification.ts'

type MessageInput = { threadId?: string | null | undefined; patientId?: string | null | undefined; prescriptionId?: string | null | undefined; body: string }

/** Adds to a thread, or opens one between the patient and the pharmacy. The patient hears that somebody wrote, not what. */
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
  if (message.authorRole !== 'patient') await queueNotification(em, { patientId, template: 'MESSAGE', reference: threadId })
  await em.flush()
  return { ...message, body }
}

async function threadFor(em: EntityManager, actor: Actor, id: string): Promise<MessageThread> {
  const thread = await em.findOne(MessageThread, { id: fields.id('threadId', id) })
  if (!thread) throw notFound('message thread')
  const patient = { id: thread.patientId, delegated: await scopesFor(em, actor, thread.patientId) }
  if (!access.can(actor, 'patient:post-message', patient) && !(await wrotePrescriptionOf(em, actor, thread))) throw notFound('message thread')
  return thread
}

async function openThread(em: EntityManager, actor: Actor, input: MessageInput): Promise<MessageThread> {
  const patient = await patientNamed(em, actor, 'patient:post-message', input.patientId)
  const prescriptionId = input.prescriptionId ? await prescriptionOf(em, patient.id, input.prescriptionId) : null
  return em.create(MessageThread, { id: newId(), patientId: patient.id, prescriptionId, lastMessageAt: clock.now() })
}

/** A thread about somebody else's prescription would show its prescriber this patient's messages. */
async function prescriptionOf(em: EntityManager, patientId: string, id: string): Promise<string> {
  const fact = await em.findOne(PrescriptionFact, { prescriptionId: fields.id('prescriptionId', id), patientId })
  if (!fact) throw notFound('prescription')
  return fact.prescriptionId
}

function authorRole(actor: Actor): string {
  if (hasRole(actor, 'pharmacist', 'pharmacist-in-charge')) return 'pharmacist'
  for (const role of ['patient', 'caregiver', 'prescriber'] as const) if (hasRole(actor, role)) return role
  throw forbidden('patients, their caregivers, pharmacists and prescribers write here')
}
