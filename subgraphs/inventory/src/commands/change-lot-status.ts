import { AppError, apply, invalid, isId, notFound, systemActor, type Actor, type EntityManager } from '@pharmagraph/platform'
import { access } from '../access.ts'
import type { LedgerEntryType } from '../entities/ledger-entry.ts'
import type { Lot, LotStatus } from '../entities/lot.ts'
import type { ChangeLotStatusInput } from '../generated/resolvers.ts'
import { DrugFact } from '../entities/drug-fact.ts'
import { openSuspectStatuses, SuspectCase } from '../entities/suspect-case.ts'
import { hasRunOut, lotLifecycle } from '../lifecycles/lot.ts'
import { book, lockLots } from './book.ts'

/** Statuses the ledger speaks of, beside the history of the lifecycle. */
const entryOf: Partial<Record<LotStatus, LedgerEntryType>> = { QUARANTINE: 'QUARANTINE', RECALLED: 'RECALL', DESTROYED: 'DESTROY', RETURNED_TO_SUPPLIER: 'RETURN' }
const leavesTheBooks: readonly LotStatus[] = ['DESTROYED', 'RETURNED_TO_SUPPLIER']

/** Walks a lot along its lifecycle. Destroying it, or sending it back, takes all of it off the books. */
export async function changeLotStatus(em: EntityManager, actor: Actor, { lotId, verb, reason }: ChangeLotStatusInput): Promise<Lot> {
  access.must(actor, 'lot:change-status', undefined)
  if (!reason.trim() || reason.length > 500) throw invalid('reason', 'say why, in 1 to 500 characters')
  const lot = isId(lotId) ? (await lockLots(em, [lotId])).get(lotId) : undefined
  if (!lot) throw notFound('lot')
  if (hasRunOut(lot)) apply(em, systemActor('inventory'), lotLifecycle, lot, 'expire')
  if (verb === 'release' && (await em.count(SuspectCase, { lotId, status: { $in: [...openSuspectStatuses] } }))) {
    throw new AppError('SUSPECT_PRODUCT', 'this lot is under investigation: clear its case first', { allowed: [] }, { problem: 'TransitionRefused', http: 409 })
  }
  if (verb === 'destroy' && (await em.findOneOrFail(DrugFact, { id: lot.drugId })).deaSchedule !== 'NONE') {
    throw new AppError('WITNESS_NEEDED', 'a controlled substance is destroyed before a witness (21 CFR 1317.95): propose its destruction', { allowed: [] }, { problem: 'TransitionRefused', http: 409 })
  }
  apply(em, actor, lotLifecycle, lot, verb, { reason })
  const type = entryOf[lot.status]
  if (type) book(em, actor, lot, { type, delta: leavesTheBooks.includes(lot.status) ? -lot.quantityOnHand : 0, reason })
  return lot
}
