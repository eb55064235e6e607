import { notYet, systemActor, type EntityManager } from '@pharmagraph/platform'

import { Fill } from '../entities/fill.ts'
import { isCancelled } from './cancel-fills.ts'
import { openWorkItem } from './open-work-item.ts'

/** The order, or these lines of it, are paid for and held: their fills go to the bench. Throws NOT_YET while one of them has no lots. */
export async function queueFills(em: EntityManager, orderId: string, orderLineIds?: readonly string[]): Promise<void> {
  if (await isCancelled(em, orderId)) return
  const fills = await em.find(Fill, { orderId, ...(orderLineIds ? { orderLineId: { $in: [...orderLineIds] } } : {}) })
  if (fills.some(({ status }) => status === 'REQUESTED' || status === 'SCREENING')) throw notYet(`the lots of order ${orderId}`)
  for (const { id: fillId, prescriptionId, status } of fills) {
    if (status === 'RESERVED') await openWorkItem(em, systemActor('prescriptions'), { queue: 'FILL', prescriptionId, fillId })
  }
}
