import { defineLifecycle, emit, to, type Guard } from '@pharmagraph/platform'
import type { Fill, FillState } from '../entities/fill.ts'

const pharmacists = ['pharmacist', 'pharmacist-in-charge'] as const
const fillers = ['technician', ...pharmacists] as const
const block = to<FillState, Fill>('BLOCKED', { by: ['system'] })
const cancel = to<FillState, Fill>('CANCELLED', { by: ['system'] })
/** A recall took lots of the hold: others stand in, and what was packed of it is filled anew; or none can, and it waits for stock. */
const recalled = { replaceLots: to<FillState, Fill>('RESERVED', { by: ['system'] }), loseLots: to<FillState, Fill>('SCREENING', { by: ['system'] }) }

export const everyLotScanned: Guard<Fill> = ({ lots }) =>
  lots.length > 0 && lots.every(({ scanned }) => scanned) ? undefined : { code: 'SCAN_INCOMPLETE', message: 'every lot held for the fill must be scanned first' }

/** Second pair of eyes on the product. */
export const notWhoFilled: Guard<Fill> = ({ fillers: who }, actor) =>
  who.includes(actor.subject) ? { code: 'SEPARATION_OF_DUTIES', message: 'who filled may not check or release' } : undefined

export const fillLifecycle = defineLifecycle<FillState, Fill>({
  name: 'fill',
  initial: 'REQUESTED',
  table: {
    REQUESTED: { screen: to('SCREENING', { by: ['system'] }), block, cancel },
    SCREENING: { reserve: to('RESERVED', { by: ['system'] }), block, cancel },
    RESERVED: { startFilling: to('FILLING', { by: fillers }), block, cancel, ...recalled },
    FILLING: { submit: to('PRODUCT_CHECK', { by: fillers, when: [everyLotScanned] }), block, cancel, ...recalled },
    PRODUCT_CHECK: { check: to('PACKED', { by: pharmacists, when: [notWhoFilled] }), block, cancel, ...recalled },
    PACKED: { release: to('RELEASED', { by: pharmacists, when: [notWhoFilled] }), block, cancel, ...recalled },
    // never left our control, so the refill is given back
    RELEASED: { handOver: to('HANDED_OVER', { by: ['system'] }), returnToStock: to('RETURNED_TO_STOCK', { by: [...pharmacists, 'system'] }) },
    // a drug that left our control is never dispensed again
    HANDED_OVER: { complete: to('COMPLETED', { by: ['system'] }), returnAsWaste: to('RETURNED_WASTE', { by: ['system'] }) },
    BLOCKED: {},
    COMPLETED: {},
    CANCELLED: {},
    RETURNED_TO_STOCK: {},
    RETURNED_WASTE: {},
  },
  announce: (em, actor, fill, { from, to: next, reason }) =>
    emit(em, actor, 'prescriptions.fill-status-changed.v1', fill.id, {
      fillId: fill.id, prescriptionId: fill.prescriptionId, orderId: fill.orderId, orderLineId: fill.orderLineId, from, to: next, reasonCode: reason ?? null,
    }),
})
