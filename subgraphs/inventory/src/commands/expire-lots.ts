import { apply, clock, type Actor, type EntityManager } from '@pharmagraph/platform'
import { LockMode } from '@mikro-orm/postgresql'
import { Lot, type LotStatus } from '../entities/lot.ts'
import { hasRunOut, lotLifecycle } from '../lifecycles/lot.ts'

const expiring = (Object.keys(lotLifecycle.table) as LotStatus[]).filter((status) => 'expire' in lotLifecycle.table[status])

/** Records the expiry of lots whose last day has passed; reads have shown them as expired since. */
export async function expireLots(em: EntityManager, actor: Actor): Promise<void> {
  const due = await em.find(Lot, { status: { $in: expiring }, expiryDate: { $lt: clock.today() } }, {
    orderBy: { expiryDate: 'asc', id: 'asc' }, limit: 500, lockMode: LockMode.PESSIMISTIC_WRITE,
  })
  for (const lot of due.filter(hasRunOut)) apply(em, actor, lotLifecycle, lot, 'expire')
}
