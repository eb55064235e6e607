import type { Job } from '@pharmagraph/platform'
import { beginDuePrices } from '../commands/begin-due-prices.ts'

export const beginDuePricesJob: Job = { name: 'begin-due-prices', everyMs: 15_000, run: beginDuePrices }
