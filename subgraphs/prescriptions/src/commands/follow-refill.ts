/** A wish for a refill follows the fill that an order made of it. */
import { apply, systemActor, type EntityManager } from '@pharmagraph/platform'
import type { Fill } from '../entities/fill.ts'
import { openRefillStates, RefillRequest } from '../entities/refill-request.ts'
import { refillRequestLifecycle } from '../lifecycles/refill-request.ts'

const actor = systemActor('prescriptions')
type Of = Pick<Fill, 'prescriptionId' | 'orderId'>

async function walk(em: EntityManager, { prescriptionId, orderId }: Of, verb: 'order' | 'complete' | 'reopen', reasonCode: string): Promise<void> {
  const request = await em.findOne(RefillRequest, { prescriptionId, status: { $in: [...openRefillStates] } })
  if (!request || !(verb in refillRequestLifecycle.table[request.status])) return
  if (verb !== 'order' && request.orderId !== orderId) return
  Object.assign(request, { reasonCode, orderId: verb === 'reopen' ? null : orderId })
  apply(em, actor, refillRequestLifecycle, request, verb, { reason: reasonCode })
}

export const orderRefill = (em: EntityManager, fill: Of): Promise<void> => walk(em, fill, 'order', 'ORDER_PLACED')
export const completeRefill = (em: EntityManager, fill: Of): Promise<void> => walk(em, fill, 'complete', 'DISPENSED')
/** The order came to nothing; the wish stays. */
export const reopenRefill = (em: EntityManager, fill: Of, reasonCode: string): Promise<void> => walk(em, fill, 'reopen', reasonCode)
