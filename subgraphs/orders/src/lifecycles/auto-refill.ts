import { defineLifecycle, emit, to, type Role } from '@pharmagraph/platform'
import type { AutoRefill, AutoRefillStatus } from '../entities/auto-refill.ts'

const go = (next: AutoRefillStatus, ...by: Role[]) => to<AutoRefillStatus, AutoRefill>(next, { by })

/** Until an order comes of it: the patient may leave it out, and it ends where what it builds on does. */
const waiting = { skip: go('SKIPPED', 'patient', 'caregiver'), withdraw: go('WITHDRAWN', 'system') }
/** The order came to nothing: by itself, and the patient is asked; or because somebody cancelled it. */
const failing = { lose: go('ASKING', 'system'), drop: go('SKIPPED', 'system'), complete: go('DONE', 'system') }

/** An automatic refill from its notice to its order. `place` by the system on its day, `confirm` by the patient at any time. */
export const autoRefillLifecycle = defineLifecycle<AutoRefillStatus, AutoRefill>({
  name: 'automatic refill',
  initial: 'SCHEDULED',
  table: {
    SCHEDULED: { place: go('ORDERED', 'system'), confirm: go('ORDERED', 'patient'), ask: go('ASKING', 'system'), reschedule: go('SCHEDULED', 'patient'), ...waiting },
    ASKING: { confirm: go('ORDERED', 'patient'), ...waiting },
    ORDERED: { askForPayment: go('PAYMENT_NEEDED', 'system'), ...failing },
    PAYMENT_NEEDED: { pay: go('ORDERED', 'system'), ...failing },
    DONE: {},
    SKIPPED: {},
    WITHDRAWN: {},
  },
  announce(em, actor, { id: autoRefillId, prescriptionId, patientId, orderOn, orderId, reasonCode }, { from, to: next, reason }) {
    emit(em, actor, 'orders.auto-refill-changed.v1', autoRefillId, {
      autoRefillId, prescriptionId, patientId, from: from || null, to: next, reasonCode: reason ?? (from ? null : (reasonCode ?? null)), orderOn, orderId: orderId ?? null,
    })
  },
})
