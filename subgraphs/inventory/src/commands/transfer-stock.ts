import { begin, emit, invalid, isId, notFound, problem, type Actor, type EntityManager } from '@pharmagraph/platform'
import { access } from '../access.ts'
import { LedgerEntry } from '../entities/ledger-entry.ts'
import { Location } from '../entities/location.ts'
import { Lot } from '../entities/lot.ts'
import type { TransferStockInput } from '../generated/resolvers.ts'
import { lotLifecycle } from '../lifecycles/lot.ts'
import { checkUnits, units } from '../quantity.ts'
import { book, lockLots } from './book.ts'
import { makeMissingLots } from './receive-stock.ts'

/**
 * Moves free units of a lot to another location: out of one lot and into the other in one transaction, so that nothing
 * is ever in both or in neither. A lot new to the place begins RECEIVING there. The same key of the same person moves once.
 */
export async function transferStock(em: EntityManager, actor: Actor, input: TransferStockInput): Promise<{ from: Lot; to: Lot }> {
  access.must(actor, 'lot:adjust', undefined)
  const { lotId, toLocationId, quantity } = input
  checkUnits('quantity', quantity)
  if (quantity <= 0) throw invalid('quantity', 'move more than nothing')
  if (!input.idempotencyKey.trim() || input.idempotencyKey.length > 100) throw invalid('idempotencyKey', 'give a key of 1 to 100 characters')
  const known = isId(lotId) ? await em.findOne(Lot, { id: lotId }) : null
  if (!known) throw notFound('lot')
  if (known.origin !== 'SUPPLIER') throw invalid('lotId', 'units that came back stay where they were looked at')
  if (known.locationId === toLocationId) throw invalid('toLocationId', 'the lot is there already')
  if (!isId(toLocationId) || !(await em.findOne(Location, { id: toLocationId }))) throw invalid('toLocationId', 'this location is not known here')
  const { lots, made } = await lockTwins(em, actor, known, toLocationId)
  const [source, to] = lots
  if (made) begin(em, actor, lotLifecycle, to)
  if (source.status !== 'AVAILABLE') throw invalid('lotId', `a lot that is ${source.status} stays where it is`)
  if (!['RECEIVING', 'AVAILABLE'].includes(to.status)) throw invalid('toLocationId', `the lot is ${to.status} there`)

  const reference = `${actor.subject}:${input.idempotencyKey}`
  const before = await em.findOne(LedgerEntry, { reference, type: 'TRANSFER_OUT' })
  if (before && (before.lotId !== source.id || before.delta !== -quantity)) throw invalid('idempotencyKey', 'this key was used for another transfer')
  if (before) return { from: source, to }
  const free = units(source.quantityOnHand - source.quantityReserved)
  if (free < quantity) throw problem('InsufficientStock', 'INSUFFICIENT_STOCK', `only ${free} units are neither gone nor held`, { available: free, requested: quantity })
  book(em, actor, source, { type: 'TRANSFER_OUT', delta: -quantity, reference, reason: to.id })
  book(em, actor, to, { type: 'TRANSFER_IN', delta: quantity, reference, reason: source.id })
  emit(em, actor, 'inventory.stock-transferred.v1', source.id, { fromLotId: source.id, toLotId: to.id, drugId: source.drugId, quantity })
  return { from: source, to }
}

/** The lot and its twin at the other place, made where there is none, locked in the one order of `lockLots`. */
async function lockTwins(em: EntityManager, actor: Actor, lot: Lot, locationId: string): Promise<{ lots: [Lot, Lot]; made: boolean }> {
  const { id, drugId, ndc, batchNumber, expiryDate } = lot
  const made = await makeMissingLots(em, actor, [{ drugId, locationId, batchNumber, expiryDate, quantity: 0, reference: '' }], new Map([[drugId, ndc]]))
  const twin = await em.findOneOrFail(Lot, { drugId, batchNumber, locationId, origin: 'SUPPLIER' })
  const locked = await lockLots(em, [id, twin.id])
  return { lots: [locked.get(id)!, locked.get(twin.id)!], made: made.has(twin.id) }
}
