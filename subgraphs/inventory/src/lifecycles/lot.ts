import { clock, defineLifecycle, emit, to, type Guard, type Role } from '@pharmagraph/platform'
import { availabilityCache } from '../availability-cache.ts'
import type { Lot, LotStatus } from '../entities/lot.ts'

const keepers: readonly Role[] = ['inventory', 'pharmacist-in-charge']

const isPast = (lot: Lot): boolean => lot.expiryDate < clock.today()

export const unexpired: Guard<Lot> = (lot) =>
  isPast(lot) ? { code: 'EXPIRED', message: `this lot expired on ${lot.expiryDate}` } : undefined

/** A drug that has left our control is never dispensed again (FDA CPG 460.300): nobody knows how it was kept. */
export const neverOutside: Guard<Lot> = (lot) =>
  lot.origin === 'RETURN_FROM_OUTSIDE' ? { code: 'LEFT_OUR_CONTROL', message: 'these units came back from outside: destroy them or send them to a reverse distributor' } : undefined

export const pastExpiry: Guard<Lot> = (lot) =>
  isPast(lot) ? undefined : { code: 'NOT_EXPIRED', message: `this lot may be used until ${lot.expiryDate}` }

export const nothingHeld: Guard<Lot> = (lot) =>
  lot.quantityReserved > 0 ? { code: 'HELD_FOR_ORDERS', message: `${lot.quantityReserved} units are held for orders` } : undefined

/** Destroying has a witness: who took the lot off sale is one person, who destroys it another. An expiry the clock found has no first person: quarantine it first. */
export const secondPerson: Guard<Lot> = (lot, actor) =>
  lot.statusBy === actor.subject || lot.statusBy.startsWith('system:')
    ? { code: 'SECOND_PERSON_NEEDED', message: 'one person takes a lot off sale, another destroys it; quarantine it first if nobody did' }
    : undefined

const release = to<LotStatus, Lot>('AVAILABLE', { by: keepers, when: [unexpired, neverOutside] })
const quarantine = to<LotStatus, Lot>('QUARANTINE', { by: keepers })
// what comes back of a recalled lot is recalled as it comes
const recall = to<LotStatus, Lot>('RECALLED', { by: [...keepers, 'system'] })
const damage = to<LotStatus, Lot>('DAMAGED', { by: keepers })
const expire = to<LotStatus, Lot>('EXPIRED', { by: ['system'], when: [pastExpiry] })
const destroy = to<LotStatus, Lot>('DESTROYED', { by: [...keepers, 'pharmacist'], when: [nothingHeld, secondPerson] })
const returnToSupplier = to<LotStatus, Lot>('RETURNED_TO_SUPPLIER', { by: keepers, when: [nothingHeld] })

/** From the dock to the shelf and off it again. Only AVAILABLE lots are sold. */
export const lotLifecycle = defineLifecycle<LotStatus, Lot>({
  name: 'lot',
  initial: 'RECEIVING',
  table: {
    RECEIVING: { release, quarantine, recall, damage, expire },
    QUARANTINE: { release, recall, damage, destroy, returnToSupplier },
    AVAILABLE: { quarantine, hold: to('ON_HOLD', { by: [...keepers, 'system'] }), recall, damage, expire },
    ON_HOLD: { unhold: release, quarantine, recall, damage, expire },
    RECALLED: { destroy, returnToSupplier },
    EXPIRED: { quarantine, recall, destroy, returnToSupplier },
    DAMAGED: { recall, destroy, returnToSupplier },
    DESTROYED: {},
    RETURNED_TO_SUPPLIER: {},
  },
  announce(em, actor, lot, { from, to: next, verb, reason }) {
    lot.statusBy = actor.subject
    availabilityCache.touch(lot.drugId)
    if (verb === 'begin') return // stock-received tells it
    emit(em, actor, 'inventory.lot-status-changed.v1', lot.id, { lotId: lot.id, drugId: lot.drugId, from, to: next, reason: reason ?? null })
  },
})

/** Whether the day has passed that takes the lot off sale, even if no job has come by since. */
export const hasRunOut = (lot: Lot): boolean => 'expire' in lotLifecycle.table[lot.status] && isPast(lot)

/** The status as it is today: expiry counts at once, not when the job has recorded it. */
export const statusNow = (lot: Lot): LotStatus => (hasRunOut(lot) ? 'EXPIRED' : lot.status)
