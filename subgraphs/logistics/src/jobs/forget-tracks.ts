import { clock, type Job } from '@pharmagraph/platform'
import { RoutePosition } from '../entities/route.ts'

const dayMs = 24 * 3_600_000
/** House policy: long enough to settle a complaint about a delivery. */
const keptMs = 30 * dayMs

/** Where employees drove is not kept longer than it is of use. */
export const forgetTracks: Job = {
  name: 'forget-tracks',
  everyMs: 3_600_000,
  run: async (em) => void (await em.nativeDelete(RoutePosition, { at: { $lt: new Date(clock.now().getTime() - keptMs) } })),
}
