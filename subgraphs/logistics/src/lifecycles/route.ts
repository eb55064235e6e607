import { defineLifecycle, to } from '@pharmagraph/platform'
import type { Route, RouteStatus } from '../entities/route.ts'

export const routeLifecycle = defineLifecycle<RouteStatus, Route>({
  name: 'route',
  initial: 'PLANNED',
  table: {
    PLANNED: {
      start: to('STARTED', { by: ['driver'] }),
      /** The shift went by, or nothing is left to deliver. */
      cancel: to('CANCELLED', { by: ['system'] }),
    },
    /** The last stop is done, or its parcel was called back. */
    STARTED: { complete: to('COMPLETED', { by: ['driver', 'system'] }) },
    COMPLETED: {},
    CANCELLED: {},
  },
})
