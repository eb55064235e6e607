import { AppError, type Job } from '@pharmagraph/platform'
import { proveLedger } from '../reads/ledger-proof.ts'

/** Fails, and so is logged and counted, where a balance is not the sum of its ledger. */
export const proveLedgerJob: Job = {
  name: 'prove-ledger',
  everyMs: 60 * 60_000,
  async run(em, actor) {
    const { mismatches } = await proveLedger(em, actor)
    if (mismatches.length) throw new AppError('LEDGER_MISMATCH', `balance and ledger differ for lots ${mismatches.map(({ lotId }) => lotId).join(', ')}`)
  },
}
