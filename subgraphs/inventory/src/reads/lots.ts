import { clock, isId, page, type Connection, type EntityManager, type Page } from '@pharmagraph/platform'
import type { FilterQuery } from '@mikro-orm/postgresql'
import { Lot, type LotStatus } from '../entities/lot.ts'
import { lotLifecycle } from '../lifecycles/lot.ts'

export type LotFilter = { drugId?: string | null | undefined; batchNumber?: string | null | undefined; locationId?: string | null | undefined; status?: LotStatus | null | undefined }

const expiring = (Object.keys(lotLifecycle.table) as LotStatus[]).filter((status) => 'expire' in lotLifecycle.table[status])

/** Lots by the access paths of the Inventory entity, newest first. `scope` narrows to what the actor may see. */
export async function findLots(em: EntityManager, filter: LotFilter, scope: FilterQuery<Lot>, request: Page): Promise<Connection<Lot>> {
  const ids = [filter.drugId, filter.locationId].filter((id) => typeof id === 'string')
  const conditions: FilterQuery<Lot>[] = [scope]
  if (!ids.every(isId)) conditions.push({ id: { $in: [] } })
  else {
    if (filter.drugId) conditions.push({ drugId: filter.drugId })
    if (filter.locationId) conditions.push({ locationId: filter.locationId })
  }
  if (filter.batchNumber) conditions.push({ batchNumber: filter.batchNumber })
  if (filter.status) conditions.push(ofStatusToday(filter.status))
  return page(em, Lot, { $and: conditions }, request)
}

/** As `statusNow` says it: a lot past its expiry reads EXPIRED before the job has recorded it. */
function ofStatusToday(status: LotStatus): FilterQuery<Lot> {
  const today = clock.today()
  if (status === 'EXPIRED') return { $or: [{ status }, { status: { $in: expiring }, expiryDate: { $lt: today } }] }
  return expiring.includes(status) ? { status, expiryDate: { $gte: today } } : { status }
}
