import { expireHoldsJob } from './expire-holds.ts'
import { expireLotsJob } from './expire-lots.ts'
import { proveLedgerJob } from './prove-ledger.ts'
import { requestNoticesJob } from './request-notices.ts'
import { watchStockJob } from './watch-stock.ts'

export const jobs = [expireHoldsJob, expireLotsJob, proveLedgerJob, requestNoticesJob, watchStockJob]
