import { LockMode } from '@mikro-orm/postgresql'
import { apply, clock, systemActor, type EntityManager } from '@pharmagraph/platform'
import { CancelledOrder } from '../entities/facts.ts'
import { Fill, fillsUnderWay } from '../entities/fill.ts'
import { Prescription } from '../entities/prescription.ts'
import { fillLifecycle } from '../lifecycles/fill.ts'
import { reopenRefill } from './follow-refill.ts'
import { returnToStock } from './return-to-stock.ts'
import { withdrawWorkItems } from './withdraw-work-items.ts'

const actor = systemActor('prescriptions')

/** The order is off: fills under way end, and one released in the same moment goes back on the shelf with its refill. */
export async function cancelFills(em: EntityManager, { orderId, reasonCode }: { orderId: string; reasonCode: string }): Promise<void> {
  await em.execute('insert into cancelled_order (order_id, cancelled_at) values (?, ?) on conflict do nothing', [orderId, clock.now()])
  await undoFills(em, { orderId }, reasonCode)
}

/** One line is left out of its order: its fill ends, the others go on. */
export async function cancelFill(em: EntityManager, { orderId, orderLineId, reasonCode }: { orderId: string; orderLineId: string; reasonCode: string }): Promise<void> {
  await undoFills(em, { orderId, orderLineId }, reasonCode)
}

async function undoFills(em: EntityManager, where: { orderId: string; orderLineId?: string }, reasonCode: string): Promise<void> {
  const prescriptions = (await em.find(Fill, where)).map(({ prescriptionId }) => prescriptionId)
  await em.find(Prescription, { id: { $in: prescriptions } }, { orderBy: { id: 'asc' }, lockMode: LockMode.PESSIMISTIC_WRITE })
  const fills = await em.find(Fill, where, { refresh: true, lockMode: LockMode.PESSIMISTIC_WRITE })
  for (const fill of fills) {
    if (fillsUnderWay.includes(fill.status)) {
      apply(em, actor, fillLifecycle, fill, 'cancel', { reason: reasonCode })
      fill.statusReasonCode = reasonCode
      await withdrawWorkItems(em, { fillId: fill.id }, reasonCode)
      await reopenRefill(em, fill, reasonCode)
    } else if (fill.status === 'RELEASED') {
      await returnToStock(em, actor, fill, await em.findOneOrFail(Prescription, { id: fill.prescriptionId }), reasonCode)
    }
  }
}

export const isCancelled = async (em: EntityManager, orderId: string): Promise<boolean> => (await em.count(CancelledOrder, { orderId })) > 0
