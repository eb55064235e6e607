import type { Job } from '@pharmagraph/platform'
import { watchStock } from '../commands/watch-stock.ts'

export const watchStockJob: Job = { name: 'watch-stock', everyMs: 60_000, run: watchStock }
