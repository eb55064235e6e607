import { handler } from '@pharmagraph/platform'
import { queueNotification } from '../commands/queue-notification.ts'
import type { Template } from '../entities/notification.ts'

/** What the patient can do something about. */
const templates: Partial<Record<string, Template>> = { READY: 'REFILL_READY', RENEWED: 'REFILL_READY', DECLINED: 'REFILL_DECLINED' }

/** The notice before the order is placed, a question, and a card that was declined. */
const autoTemplates: Partial<Record<string, Template>> = { SCHEDULED: 'AUTO_ORDER_PLANNED', ASKING: 'AUTO_ORDER_ASKS', PAYMENT_NEEDED: 'AUTO_ORDER_UNPAID' }

export const notifyOfRefill = [
  handler('prescriptions.refill-due-soon.v1', 'notify-of-run-out', (em, { data: { patientId, prescriptionId } }) =>
    queueNotification(em, { patientId, template: 'DUE_SOON', reference: prescriptionId })),
  handler('prescriptions.refill-request-changed.v1', 'notify-of-refill', async (em, { data: { patientId, refillRequestId, origin, to } }) => {
    // what becomes of an automatic one that is ready, orders tells
    const template = origin === 'AUTO' && to === 'READY' ? undefined : templates[to]
    if (template) await queueNotification(em, { patientId, template, reference: refillRequestId })
  }),
  handler('orders.auto-refill-changed.v1', 'notify-of-auto-refill', async (em, { data: { patientId, autoRefillId, from, to } }) => {
    const template = from === to ? undefined : autoTemplates[to]
    if (template) await queueNotification(em, { patientId, template, reference: autoRefillId })
  }),
]
