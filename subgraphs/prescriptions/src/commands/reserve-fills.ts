import { LockMode } from '@mikro-orm/postgresql'
import { apply, systemActor, type EntityManager, type EventMap } from '@pharmagraph/platform'
import { parseNdc } from '@pharmagraph/schema/identifiers'
import { Fill, type HeldLot } from '../entities/fill.ts'
import { WorkItem } from '../entities/work-item.ts'
import { fillLifecycle } from '../lifecycles/fill.ts'
import { openWorkItem } from './open-work-item.ts'

/** Records the lots held for an order's fills: what may be scanned later. Lines without a fill are over the counter. */
export async function reserveFills(em: EntityManager, { orderId, lines }: EventMap['inventory.stock-held.v1']): Promise<void> {
  const fills = await em.find(Fill, { orderId, status: 'SCREENING' }, { lockMode: LockMode.PESSIMISTIC_WRITE })
  for (const fill of fills) {
    const line = lines.find(({ orderLineId }) => orderLineId === fill.orderLineId)
    if (!line) continue
    fill.lots = heldLots(line.allocations)
    apply(em, systemActor('prescriptions'), fillLifecycle, fill, 'reserve')
    await resumeBench(em, fill)
  }
}

type Allocations = EventMap['inventory.stock-held.v1']['lines'][number]['allocations']

/** Lots as inventory tells them, none of them scanned yet. */
export const heldLots = (allocations: Allocations): HeldLot[] => allocations.map(({ lotId, lotNumber, ndc, expiryDate, quantity }) => ({
  lotId, lotNumber, ndc, ndc12: parseNdc(ndc)?.ndc12 ?? ndc, expiryDate, quantity, scanned: false,
}))

/** A fill that was at the bench when its lots changed goes back there: its order was ready to fill before. */
export async function resumeBench(em: EntityManager, { id: fillId, prescriptionId }: Fill): Promise<void> {
  if (await em.count(WorkItem, { fillId })) await openWorkItem(em, systemActor('prescriptions'), { queue: 'FILL', prescriptionId, fillId })
}
