import { defineLifecycle, emit, to, type Guard, type Role } from '@pharmagraph/platform'
import type { PurchaseOrder, PurchaseOrderStatus } from '../entities/purchase-order.ts'

const keepers: readonly Role[] = ['inventory', 'pharmacist-in-charge']
const system = { by: ['system'] as const }

export const notWhoDrafted: Guard<PurchaseOrder> = ({ draftedBy }, { subject }) =>
  draftedBy === subject ? { code: 'SECOND_PERSON_NEEDED', message: 'who drafted an order does not approve it' } : undefined

const cancel = to<PurchaseOrderStatus, PurchaseOrder>('CANCELLED', { by: keepers })
const receiveRest = to<PurchaseOrderStatus, PurchaseOrder>('RECEIVED', system)
const receivePart = to<PurchaseOrderStatus, PurchaseOrder>('PARTIALLY_RECEIVED', system)

/** Drafted by one, approved by another, received in parts. What has not come of a cancelled rest comes no more. */
export const purchaseOrderLifecycle = defineLifecycle<PurchaseOrderStatus, PurchaseOrder>({
  name: 'purchaseOrder',
  initial: 'DRAFT',
  table: {
    DRAFT: { approve: to('APPROVED', { by: keepers, when: [notWhoDrafted] }), cancel },
    APPROVED: { send: to('SENT', { by: keepers }), cancel },
    SENT: { receivePart, receiveRest, cancel },
    PARTIALLY_RECEIVED: { receivePart, receiveRest, cancel },
    RECEIVED: {},
    CANCELLED: {},
  },
  announce(em, actor, { id, partnerId }, { from, to: next }) {
    emit(em, actor, 'inventory.purchase-order-status-changed.v1', id, { purchaseOrderId: id, partnerId, from: from || null, to: next })
  },
})
