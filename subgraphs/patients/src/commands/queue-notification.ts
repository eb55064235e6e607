import { apply, clock, newId, systemActor, type EntityManager } from '@pharmagraph/platform'
import { Notification, type Template, type UnsentReason } from '../entities/notification.ts'
import { Patient, type Channel } from '../entities/patient.ts'
import { notificationLifecycle } from '../lifecycles/notification.ts'
import { afterQuietHours } from '../notify/quiet-hours.ts'
import { sendable, type SendableChannel } from '../notify/port.ts'
import { latestConsent } from '../reads/latest-consents.ts'

const isSendable = (channel: Channel): channel is SendableChannel => sendable.some((ours) => ours === channel)

/** Ends a message unsent, and says why. */
export function dropNotification(em: EntityManager, notification: Notification, reason: UnsentReason): void {
  apply(em, systemActor('patients'), notificationLifecycle, notification, 'drop', { reason })
  notification.reason = reason
}

export type Notice = { patientId: string; template: Template; reference: string }

/** Puts a message in the queue, to be sent at once or after the patient's quiet hours. Without consent it is kept as dropped, so that the patient can see why. */
export async function queueNotification(em: EntityManager, notice: Notice): Promise<void> {
  const patient = await em.findOne(Patient, { id: notice.patientId })
  const channel = patient?.channels.find(isSendable)
  if (!patient || !channel) return
  // one notice is enough while it waits, however much is written in the thread or changed in the order meanwhile
  if (['MESSAGE', 'ORDER_CHANGED'].includes(notice.template) && (await em.count(Notification, { ...notice, status: 'QUEUED' })) > 0) return
  const now = clock.now()
  const notification = em.create(Notification, {
    id: newId(), ...notice, channel, status: 'QUEUED', dueAt: afterQuietHours(now, patient), attempts: 0, createdAt: now, sentAt: null, reason: null,
  })
  if (!(await latestConsent(em, patient.id, 'NOTIFICATIONS'))?.granted) dropNotification(em, notification, 'NO_CONSENT')
}
