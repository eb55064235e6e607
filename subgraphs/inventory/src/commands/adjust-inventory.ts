import { emit, invalid, isId, notFound, problem, type Actor, type EntityManager } from '@pharmagraph/platform'
import { access } from '../access.ts'
import { LedgerEntry } from '../entities/ledger-entry.ts'
import type { Lot } from '../entities/lot.ts'
import type { AdjustInventoryInput, AdjustReason } from '../generated/resolvers.ts'
import { checkUnits, units } from '../quantity.ts'
import { book, lockLots } from './book.ts'
import { openLossCase } from './count-stock.ts'

/** Which way a reason moves the books; the others go either way. */
const direction: Partial<Record<AdjustReason, 1 | -1>> = { DAMAGE: -1, LOSS: -1, SAMPLE: -1, FOUND: 1 }

/** Corrects a lot by a signed number of units. The same key of the same person corrects once. */
export async function adjustInventory(em: EntityManager, actor: Actor, input: AdjustInventoryInput): Promise<Lot> {
  access.must(actor, 'lot:adjust', undefined)
  const { delta, reason, note } = input
  checkUnits('delta', delta)
  if (delta === 0) throw invalid('delta', 'correct by more than nothing')
  if (direction[reason] !== undefined && Math.sign(delta) !== direction[reason]) throw invalid('delta', `${reason} ${delta > 0 ? 'takes away' : 'adds'} stock`)
  if (!input.idempotencyKey.trim() || input.idempotencyKey.length > 100) throw invalid('idempotencyKey', 'give a key of 1 to 100 characters')
  if ((note ?? '').length > 500) throw invalid('note', 'keep the note within 500 characters')

  const lot = isId(input.lotId) ? (await lockLots(em, [input.lotId])).get(input.lotId) : undefined
  if (!lot) throw notFound('lot')
  if (lot.drugId !== input.drugId) throw invalid('drugId', 'the lot holds another drug')

  const reference = `${actor.subject}:${input.idempotencyKey}`
  const before = await em.findOne(LedgerEntry, { reference, type: { $in: ['ADJUST', 'COUNT'] } })
  if (before && (before.lotId !== lot.id || before.delta !== delta)) throw invalid('idempotencyKey', 'this key was used for another correction')
  if (before) return lot

  const free = units(lot.quantityOnHand - lot.quantityReserved)
  if (free + delta < 0) {
    throw problem('InsufficientStock', 'INSUFFICIENT_STOCK', `only ${free} units are neither gone nor held`, { available: free, requested: -delta })
  }
  book(em, actor, lot, { type: reason === 'COUNT_VARIANCE' ? 'COUNT' : 'ADJUST', delta, reason: note ? `${reason}: ${note}` : reason, reference })
  if (delta < 0 && (reason === 'LOSS' || reason === 'COUNT_VARIANCE')) await openLossCase(em, actor, lot, -delta)
  emit(em, actor, 'inventory.stock-adjusted.v1', lot.id, { lotId: lot.id, drugId: lot.drugId, delta, reason })
  return lot
}
