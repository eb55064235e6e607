import { handler } from '@pharmagraph/platform'
import { queueNotification } from '../commands/queue-notification.ts'

/** The message says that there is a notice, not of what: the patient reads and confirms it signed in, where it belongs to the inventory. */
export const notifyOfRecall = handler('inventory.recall-notice-requested.v1', 'notify-of-recall', (em, { data: { patientId, noticeId } }) =>
  queueNotification(em, { patientId, template: 'RECALL', reference: noticeId }))
