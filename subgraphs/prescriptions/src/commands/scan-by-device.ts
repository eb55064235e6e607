import { LockMode } from '@mikro-orm/postgresql'
import type { EntityManager, EventMap } from '@pharmagraph/platform'
import { Fill } from '../entities/fill.ts'
import { WorkItem } from '../entities/work-item.ts'

/** A dispensing cabinet scanned and counted a lot of a fill at the bench. What a person scanned before, or a fill that has gone on, stays as it is. */
export async function scanByDevice(em: EntityManager, { fillId, lotId, outcome, serialNumber }: EventMap['inventory.device-answered.v1']): Promise<void> {
  if (outcome !== 'COUNTED') return
  const fill = await em.findOne(Fill, { id: fillId }, { lockMode: LockMode.PESSIMISTIC_WRITE })
  if (fill?.status !== 'FILLING') return
  // it counts for whoever has the fill in hand, who does not check it later
  const item = await em.findOne(WorkItem, { queue: 'FILL', fillId, status: 'CLAIMED' })
  if (item?.claimedBy && !fill.fillers.includes(item.claimedBy)) fill.fillers = [...fill.fillers, item.claimedBy]
  fill.lots = fill.lots.map((lot) => (lot.lotId === lotId && !lot.scanned ? { ...lot, scanned: true, ...(serialNumber ? { serialNumber } : {}) } : lot))
}
