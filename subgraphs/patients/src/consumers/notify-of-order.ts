import { handler } from '@pharmagraph/platform'
import { queueNotification } from '../commands/queue-notification.ts'
import type { Template } from '../entities/notification.ts'

/** What a patient wants to hear of between checkout and delivery. */
const templates: Partial<Record<string, Template>> = {
  PAYMENT_AUTHORIZED: 'PAYMENT_AUTHORIZED', BACKORDERED: 'BACKORDERED', REJECTED: 'REJECTED', CANCELLED: 'CANCELLED',
}

/** Whoever left a line out themselves knows it. */
const asked: readonly string[] = ['PATIENT_ASKED', 'CAREGIVER_ASKED']

const notifyOfStatus = handler('orders.order-status-changed.v1', 'notify-of-order', async (em, { data }) => {
  const template = templates[data.to]
  if (template) await queueNotification(em, { patientId: data.patientId, template, reference: data.orderId })
})

const notifyOfLine = handler('orders.line-cancelled.v1', 'notify-of-line', async (em, { data: { orderId, patientId, reasonCode } }) => {
  if (patientId && !asked.includes(reasonCode)) await queueNotification(em, { patientId, template: 'ORDER_CHANGED', reference: orderId })
})

const notifyOfPayment = handler('orders.payment-needed.v1', 'notify-of-payment', (em, { data: { orderId, patientId } }) =>
  queueNotification(em, { patientId, template: 'PAYMENT_NEEDED', reference: orderId }))

export const notifyOfOrder = [notifyOfStatus, notifyOfLine, notifyOfPayment]
