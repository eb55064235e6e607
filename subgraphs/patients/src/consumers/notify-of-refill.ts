import { handler } from '@pharmagraph/platform'
import { queueNotification } from '../commands/queue-notification.ts'
import type { Template } from '../entities/notification.ts'

/** What the patient can do something about. */
const templates: Partial<Record<string, Template>> = { READY: 'REFILL_READY', RENEWED: 'REFILL_READY', DECLINED: 'REFILL_DECLINED' }

export const notifyOfRefill = [
  handler('prescriptions.refill-due-soon.v1', 'notify-of-run-out', (em, { data: { patientId, prescriptionId } }) =>
    queueNotification(em, { patientId, template: 'DUE_SOON', reference: prescriptionId })),
  handler('prescriptions.refill-request-changed.v1', 'notify-of-refill', async (em, { data: { patientId, refillRequestId, to } }) => {
    const template = templates[to]
    if (template) await queueNotification(em, { patientId, template, reference: refillRequestId })
  }),
]
