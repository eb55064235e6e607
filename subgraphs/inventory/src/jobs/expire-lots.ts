import type { Job } from '@pharmagraph/platform'
import { expireLots } from '../commands/expire-lots.ts'

/** Lots expire at midnight; looking every quarter of an hour finds them that night whenever the process started. */
export const expireLotsJob: Job = { name: 'expire-lots', everyMs: 15 * 60_000, run: expireLots }
