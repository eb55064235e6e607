import { LockMode } from '@mikro-orm/postgresql'
import { clock, type Job } from '@pharmagraph/platform'
import { balanceOf, voidBalance } from '../commands/book-part.ts'
import { blockFill } from '../commands/request-fill.ts'
import { withdrawWorkItems } from '../commands/withdraw-work-items.ts'
import { Fill, fillsUnderWay } from '../entities/fill.ts'
import { OwedBalance } from '../entities/owed-balance.ts'
import { Prescription } from '../entities/prescription.ts'

const batch = 200

/** After its deadline the rest of a part is void (21 CFR 1306.13, 1306.23): it takes a new prescription. */
export const voidBalances: Job = {
  name: 'void-balances',
  everyMs: 60_000,
  async run(em) {
    const ended = await em.find(OwedBalance, { status: 'OWED', deadline: { $lt: clock.now() } }, { limit: batch, orderBy: { prescriptionId: 'asc' } })
    for (const { id, prescriptionId } of ended) {
      const prescription = await em.findOneOrFail(Prescription, { id: prescriptionId }, { lockMode: LockMode.PESSIMISTIC_WRITE })
      const balance = await balanceOf(em, { id })
      if (balance?.status !== 'OWED') continue
      const fills = await em.find(Fill, { balanceId: id, status: { $in: [...fillsUnderWay] } }, { lockMode: LockMode.PESSIMISTIC_WRITE })
      for (const fill of fills) {
        blockFill(em, fill, { code: 'PARTIAL_FILL_TOO_LATE', message: 'the rest was not dispensed in time and takes a new prescription' })
        await withdrawWorkItems(em, { fillId: fill.id }, 'PARTIAL_FILL_TOO_LATE')
      }
      voidBalance(em, prescription, balance, 'PARTIAL_FILL_TOO_LATE')
    }
  },
}
