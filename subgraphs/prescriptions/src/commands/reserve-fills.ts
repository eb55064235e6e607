import { LockMode } from '@mikro-orm/postgresql'
import { apply, systemActor, type EntityManager, type EventMap } from '@pharmagraph/platform'
import { parseNdc } from '@pharmagraph/schema/identifiers'
import { Fill } from '../entities/fill.ts'
import { fillLifecycle } from '../lifecycles/fill.ts'

/** Records the lots held for an order's fills: what may be scanned later. Lines without a fill are over the counter. */
export async function reserveFills(em: EntityManager, { orderId, lines }: EventMap['inventory.stock-held.v1']): Promise<void> {
  const fills = await em.find(Fill, { orderId, status: 'SCREENING' }, { lockMode: LockMode.PESSIMISTIC_WRITE })
  for (const fill of fills) {
    const line = lines.find(({ orderLineId }) => orderLineId === fill.orderLineId)
    if (!line) continue
    fill.lots = line.allocations.map(({ lotId, lotNumber, ndc, expiryDate, quantity }) => ({
      lotId, lotNumber, ndc, ndc12: parseNdc(ndc)?.ndc12 ?? ndc, expiryDate, quantity, scanned: false,
    }))
    apply(em, systemActor('prescriptions'), fillLifecycle, fill, 'reserve')
  }
}
