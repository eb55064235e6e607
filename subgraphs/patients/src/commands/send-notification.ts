import { AppError, apply, clock, emit, type Actor, type EntityManager } from '@pharmagraph/platform'
import { LockMode } from '@mikro-orm/postgresql'
import { Notification } from '../entities/notification.ts'
import { Patient } from '../entities/patient.ts'
import { notificationLifecycle } from '../lifecycles/notification.ts'
import { afterQuietHours } from '../notify/quiet-hours.ts'
import type { OutgoingMessage, SendableChannel } from '../notify/port.ts'
import { textOf } from '../notify/texts.ts'
import { openPatients, type OpenedPatient } from '../opened.ts'
import { latestConsent } from '../reads/latest-consents.ts'
import type { Services } from '../services.ts'
import { dropNotification } from './queue-notification.ts'

const minuteMs = 60_000
/** Longest pause between two attempts, and when we give up: news of yesterday's parcel is no news. */
const [longestPauseMs, giveUpMs] = [15 * minuteMs, 24 * 60 * minuteMs]

/** What is to be handed over now, or undefined: consent, address and quiet hours are asked again, hours may have passed. */
export async function prepareNotification(em: EntityManager, { vault }: Services, id: string): Promise<OutgoingMessage | undefined> {
  const notification = await queued(em, id)
  if (!notification) return undefined
  const row = await em.findOne(Patient, { id: notification.patientId })
  const [patient] = await openPatients(em, vault, row ? [row] : [])
  if (!patient) {
    dropNotification(em, notification, 'ERASED')
    return undefined
  }
  if (!(await latestConsent(em, patient.id, 'NOTIFICATIONS'))?.granted) {
    dropNotification(em, notification, 'CONSENT_WITHDRAWN')
    return undefined
  }
  const dueAt = afterQuietHours(clock.now(), patient)
  if (dueAt > clock.now()) {
    notification.dueAt = dueAt
    return undefined
  }
  return { id, channel: notification.channel, to: addressOf(patient, notification.channel), ...textOf(notification.template, patient.preferredLanguage) }
}

export async function recordSent(em: EntityManager, actor: Actor, id: string): Promise<void> {
  const notification = await queued(em, id)
  if (!notification) return
  apply(em, actor, notificationLifecycle, notification, 'send')
  notification.sentAt = clock.now()
  const { patientId, channel, template, reference } = notification
  emit(em, actor, 'patients.notification-sent.v1', id, { notificationId: id, patientId, channel, template, reference })
}

/** Puts the next attempt off, ever longer; ends where the service refused for good or a day has passed. */
export async function recordNotSent(em: EntityManager, actor: Actor, id: string, error: unknown): Promise<void> {
  const notification = await queued(em, id)
  if (!notification) return
  const final = error instanceof AppError && !error.row.retryable
  notification.attempts += 1
  if (final || clock.now().getTime() - notification.createdAt.getTime() > giveUpMs) {
    apply(em, actor, notificationLifecycle, notification, 'fail', { reason: error instanceof Error ? error.message : String(error) })
    notification.reason = 'DELIVERY_FAILED'
    return
  }
  notification.dueAt = new Date(clock.now().getTime() + Math.min(1_000 * 2 ** notification.attempts, longestPauseMs))
}

const queued = (em: EntityManager, id: string): Promise<Notification | null> =>
  em.findOne(Notification, { id, status: 'QUEUED' }, { lockMode: LockMode.PESSIMISTIC_WRITE })

const addressOf = ({ email, phone }: OpenedPatient, channel: SendableChannel): string => ({ EMAIL: email, SMS: phone })[channel]
