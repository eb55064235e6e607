import type { Job } from '@pharmagraph/platform'
import { dissolveMissedRoutes } from '../commands/dissolve-missed-routes.ts'
import { planRoutes } from '../commands/plan-routes.ts'
import { services } from '../services.ts'

/** One instance plans at a time (the job's advisory lock): two would give one parcel two drivers. */
export const planRoutesJob: Job = {
  name: 'plan-routes',
  everyMs: 1_000,
  async run(em, actor) {
    await dissolveMissedRoutes(em, actor)
    await planRoutes(em, actor, services())
  },
}
