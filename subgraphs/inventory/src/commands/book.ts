import { clock, newId, requestContext, roleOf, type Actor, type EntityManager } from '@pharmagraph/platform'
import { LockMode } from '@mikro-orm/postgresql'
import { LedgerEntry, type LedgerEntryType } from '../entities/ledger-entry.ts'
import { Lot } from '../entities/lot.ts'
import { availabilityCache } from '../availability-cache.ts'
import { units } from '../quantity.ts'

export type Movement = { type: LedgerEntryType; delta?: number; reservedDelta?: number; reason?: string | null; reference?: string | null }

/** The one way to move a lot's balances: the movement and its ledger entry, in the caller's transaction. The row must be locked. */
export function book(em: EntityManager, actor: Actor, lot: Lot, { type, delta = 0, reservedDelta = 0, reason = null, reference = null }: Movement): void {
  availabilityCache.touch(lot.drugId)
  lot.quantityOnHand = units(lot.quantityOnHand + delta)
  lot.quantityReserved = units(lot.quantityReserved + reservedDelta)
  em.create(LedgerEntry, {
    id: newId(), lotId: lot.id, type, delta, reservedDelta, reason, reference,
    actor: actor.subject, actorRole: roleOf(actor), correlationId: requestContext().correlationId, at: clock.now(),
  })
}

/** Lots by id, locked. Every writer locks in the order of (expiry, id), so that two of them never wait for each other in a ring. */
export async function lockLots(em: EntityManager, ids: Iterable<string>): Promise<Map<string, Lot>> {
  const lots = await em.find(Lot, { id: { $in: [...new Set(ids)] } }, { orderBy: { expiryDate: 'asc', id: 'asc' }, lockMode: LockMode.PESSIMISTIC_WRITE })
  return new Map(lots.map((lot) => [lot.id, lot]))
}
