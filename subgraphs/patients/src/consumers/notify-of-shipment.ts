import { handler } from '@pharmagraph/platform'
import { queueNotification } from '../commands/queue-notification.ts'
import type { Template } from '../entities/notification.ts'

const templates: Partial<Record<string, Template>> = {
  OUT_FOR_DELIVERY: 'OUT_FOR_DELIVERY', DELIVERED: 'DELIVERED', ATTEMPT_FAILED: 'ATTEMPT_FAILED',
}

export const notifyOfShipment = handler('logistics.shipment-status-changed.v1', 'notify-of-shipment', async (em, { data }) => {
  const template = templates[data.to]
  if (template) await queueNotification(em, { patientId: data.patientId, template, reference: data.shipmentId })
})
