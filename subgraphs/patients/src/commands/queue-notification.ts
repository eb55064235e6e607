import { clock, newId, type Actor, type EntityManager } from '@pharmagraph/platform'
import { Notification, type Template } from '../entities/notification.ts'
import { Patient, type Channel } from '../entities/patient.ts'
import { afterQuietHours } from '../notify/quiet-hours.ts'
import { sendable, type SendableChannel } from '../notify/port.ts'
import { latestConsent } from './set-consent.ts'

const isSendable = (channel: Channel): channel is SendableChannel => sendable.some((ours) => ours === channel)

export type Notice = { patientId: string; template: Template; reference: string }

/** Puts a message in the queue, to be sent at once or after the patient's quiet hours; none without consent or channel. */
export async function queueNotification(em: EntityManager, _actor: Actor, notice: Notice): Promise<void> {
  const patient = await em.findOne(Patient, { id: notice.patientId })
  const channel = patient?.channels.find(isSendable)
  if (!patient || !channel || !(await latestConsent(em, patient.id, 'NOTIFICATIONS'))?.granted) return
  const now = clock.now()
  em.create(Notification, {
    id: newId(), ...notice, channel, status: 'QUEUED', dueAt: afterQuietHours(now, patient), attempts: 0, createdAt: now, sentAt: null,
  })
}
