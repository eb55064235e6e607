import type { Job } from '@pharmagraph/platform'
import { expireHolds } from '../commands/release-stock.ts'

export const expireHoldsJob: Job = { name: 'expire-holds', everyMs: 30_000, run: expireHolds }
