import { LockMode } from '@mikro-orm/postgresql'
import { apply, systemActor, type EntityManager } from '@pharmagraph/platform'
import { Fill, type FillState } from '../entities/fill.ts'
import { fillLifecycle } from '../lifecycles/fill.ts'

/** What a shipment's status means for its fills, as the verbs on the way there. */
const verbsFor: Record<string, readonly string[]> = {
  PICKED_UP: ['handOver'], IN_TRANSIT: ['handOver'], OUT_FOR_DELIVERY: ['handOver'], DELIVERED: ['handOver', 'complete'], RETURNED: ['handOver', 'returnAsWaste'],
}

/** Follows the parcel. Repeats and late news find the fill further on and change nothing. */
export async function moveFills(em: EntityManager, { orderId, orderLineIds, to }: { orderId: string; orderLineIds?: string[]; to: string }): Promise<void> {
  const verbs = verbsFor[to]
  if (!verbs) return
  const fills = await em.find(Fill, { orderId, ...(orderLineIds ? { orderLineId: { $in: orderLineIds } } : {}), status: { $in: ['RELEASED', 'HANDED_OVER'] } }, { lockMode: LockMode.PESSIMISTIC_WRITE })
  for (const fill of fills) {
    for (const verb of verbs) if (verb in fillLifecycle.table[fill.status as FillState]) apply(em, systemActor('prescriptions'), fillLifecycle, fill, verb)
  }
}
