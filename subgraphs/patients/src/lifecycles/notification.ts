import { defineLifecycle, to } from '@pharmagraph/platform'
import type { Notification, NotificationStatus } from '../entities/notification.ts'

const by = ['system'] as const

export const notificationLifecycle = defineLifecycle<NotificationStatus, Notification>({
  name: 'notification',
  initial: 'QUEUED',
  table: {
    QUEUED: {
      send: to('SENT', { by }),
      /** Consent was withdrawn or the record erased in the meantime. */
      drop: to('DROPPED', { by }),
      /** The service refused it, or did not answer for a day. */
      fail: to('FAILED', { by }),
    },
    SENT: {},
    DROPPED: {},
    FAILED: {},
  },
})
