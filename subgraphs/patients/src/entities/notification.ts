import { defineEntity, p } from '@mikro-orm/postgresql'
import { sendable } from '../notify/port.ts'

export const notificationStatuses = ['QUEUED', 'SENT', 'DROPPED', 'FAILED'] as const
export type NotificationStatus = (typeof notificationStatuses)[number]
export const templates = [
  'PAYMENT_AUTHORIZED', 'BACKORDERED', 'REJECTED', 'CANCELLED', 'OUT_FOR_DELIVERY', 'DELIVERED', 'ATTEMPT_FAILED', 'MESSAGE', 'RECALL',
  'DUE_SOON', 'REFILL_READY', 'REFILL_DECLINED', 'ORDER_CHANGED', 'AUTO_ORDER_PLANNED', 'AUTO_ORDER_ASKS', 'AUTO_ORDER_UNPAID', 'PAYMENT_NEEDED', 'EMERGENCY_ACCESS',
] as const
export type Template = (typeof templates)[number]

export const unsentReasons = ['NO_CONSENT', 'CONSENT_WITHDRAWN', 'ERASED', 'DELIVERY_FAILED'] as const
export type UnsentReason = (typeof unsentReasons)[number]

/** A message on its way to a patient. Its text is made when it is sent, from the template alone. */
export const NotificationSchema = defineEntity({
  name: 'Notification',
  tableName: 'notification',
  properties: {
    id: p.uuid().primary(),
    version: p.integer().version(),
    patientId: p.uuid(),
    template: p.enum(templates),
    /** Id of the order, shipment, thread, recall notice, prescription, refill request, automatic order or emergency access it is about. */
    reference: p.uuid(),
    channel: p.enum(sendable),
    status: p.enum(notificationStatuses),
    /** Not before: the end of quiet hours, or the next attempt. */
    dueAt: p.datetime(),
    attempts: p.integer(),
    createdAt: p.datetime(),
    sentAt: p.datetime().nullable(),
    /** Why it was not sent. */
    reason: p.enum(unsentReasons).nullable(),
  },
  indexes: [{ properties: ['patientId', 'id'] }, { name: 'notification_due', expression: "create index notification_due on notification (due_at) where status = 'QUEUED'" }],
})
export class Notification extends NotificationSchema.class {}
NotificationSchema.setClass(Notification)
