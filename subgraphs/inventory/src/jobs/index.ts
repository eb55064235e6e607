import { expireHoldsJob } from './expire-holds.ts'
import { expireLotsJob } from './expire-lots.ts'
import { proveLedgerJob } from './prove-ledger.ts'

export const jobs = [expireHoldsJob, expireLotsJob, proveLedgerJob]
