import { AppError, apply, emit, newId, notYet, type Actor, type EntityManager, type EventMap } from '@pharmagraph/platform'
import { LockMode } from '@mikro-orm/postgresql'
import { access } from '../access.ts'
import type { Lot } from '../entities/lot.ts'
import { RecallLot } from '../entities/recall.ts'
import { Allocation, Reservation } from '../entities/reservation.ts'
import { reservationLifecycle } from '../lifecycles/reservation.ts'
import { units } from '../quantity.ts'
import { book, lockLots } from './book.ts'
import { recordDispensing, type Recipient } from './record-dispensing.ts'

type Taken = { lotId: string; quantity: number; serialNumber?: string }

/**
 * A pharmacist released the fill of one order line: what left the shelf leaves the books, lot by lot as it was scanned.
 * Of a cancelled order nothing does: its fill goes back on the shelf.
 */
export async function commitFill(em: EntityManager, actor: Actor, fill: EventMap['prescriptions.fill-released.v1']): Promise<void> {
  access.must(actor, 'stock:commit', undefined)
  const { orderLineId, lots } = fill
  const reservation = await em.findOne(Reservation, { orderLineId }, { lockMode: LockMode.PESSIMISTIC_WRITE })
  if (!reservation) throw notYet('the hold of this order line')
  if (!['HELD', 'EXPIRED', 'LOST'].includes(reservation.status)) return
  const { patientId, fillId, releasedBy, recordHash } = fill
  await commit(em, actor, [reservation], new Map([[reservation.id, lots]]), { patientId, fillId, releasedBy, fillRecordHash: recordHash })
}

/**
 * Lines of the order were released, in one part or several: those of them that are still held, which no pharmacist
 * released, leave the books as they were held. Lines that are not named keep their hold.
 */
export async function commitOrder(em: EntityManager, actor: Actor, { orderId, patientId, orderLineIds, fulfilmentId }: EventMap['orders.order-released.v1']): Promise<void> {
  access.must(actor, 'stock:commit', undefined)
  const reservations = await em.find(Reservation, { orderId, orderLineId: { $in: orderLineIds } }, { orderBy: { id: 'asc' }, lockMode: LockMode.PESSIMISTIC_WRITE })
  if (reservations.length < new Set(orderLineIds).size) throw notYet('the hold of a released line')
  for (const reservation of reservations) reservation.fulfilmentId = fulfilmentId ?? null
  await commit(em, actor, reservations.filter(({ status }) => status === 'HELD' || status === 'EXPIRED'), new Map(), { patientId, fillId: null, releasedBy: actor.subject, fillRecordHash: null })
}

/** `taken` by reservation; a reservation it does not name gives what it holds. */
async function commit(em: EntityManager, actor: Actor, reservations: readonly Reservation[], taken: Map<string, Taken[]>, recipient: Recipient): Promise<void> {
  const allocations = await em.find(Allocation, { reservationId: { $in: reservations.map(({ id }) => id) } }, { orderBy: { id: 'asc' } })
  const scanned = [...taken.values()].flat()
  const lots = await lockLots(em, [...allocations, ...scanned].map(({ lotId }) => lotId))
  for (const reservation of reservations) {
    const own = allocations.filter(({ reservationId }) => reservationId === reservation.id)
    commitOne(em, actor, reservation, own, taken.get(reservation.id) ?? own, lots, recipient)
    const recalled = (taken.get(reservation.id) ?? own).filter(({ lotId }) => lots.get(lotId)?.status === 'RECALLED').map(({ lotId }) => lotId)
    if (recalled.length) await stopParcel(em, actor, reservation, recalled)
  }
}

/** The recall came between the scan and the release: it knew nothing of this parcel. */
async function stopParcel(em: EntityManager, actor: Actor, { orderId, orderLineId }: Reservation, lotIds: string[]): Promise<void> {
  const recallIds = new Set((await em.find(RecallLot, { lotId: { $in: lotIds } })).map(({ recallId }) => recallId))
  for (const recallId of recallIds) emit(em, actor, 'inventory.parcel-stop-requested.v1', orderId, { orderId, orderLineId, recallId })
}

function commitOne(em: EntityManager, actor: Actor, reservation: Reservation, allocations: readonly Allocation[], taken: readonly Taken[], lots: Map<string, Lot>, recipient: Recipient): void {
  const held = new Map(reservation.status === 'HELD' ? allocations.map(({ lotId, quantity }) => [lotId, quantity]) : [])
  const gone = new Map<string, number>()
  for (const { lotId, quantity } of taken) gone.set(lotId, units((gone.get(lotId) ?? 0) + quantity))

  for (const lotId of new Set([...held.keys(), ...gone.keys()])) {
    const lot = lots.get(lotId)
    if (!lot) throw new AppError('UNKNOWN_LOT', 'a fill was released from a lot that is not on the books', { lotId })
    const quantity = gone.get(lotId) ?? 0
    book(em, actor, lot, { type: quantity > 0 ? 'COMMIT' : 'RELEASE', delta: -quantity, reservedDelta: -(held.get(lotId) ?? 0), reference: reservation.orderLineId })
    if (lot.quantityOnHand < lot.quantityReserved) {
      throw new AppError('INSUFFICIENT_STOCK', 'a fill was released from units that are not on the books or are held for others: count the lot', { lotId })
    }
    if (quantity > 0) recordDispensing(em, reservation, lot, quantity, taken.find((one) => one.lotId === lotId)?.serialNumber ?? null, recipient)
    const allocation = allocations.find((row) => row.lotId === lotId)
    if (allocation && quantity > 0) allocation.quantity = quantity
    else if (allocation) em.remove(allocation)
    else em.create(Allocation, { id: newId(), reservationId: reservation.id, lotId, quantity })
  }
  reservation.quantity = units([...gone.values()].reduce((total, quantity) => total + quantity, 0))
  apply(em, actor, reservationLifecycle, reservation, 'commit')
}
