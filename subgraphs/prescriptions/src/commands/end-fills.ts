import { LockMode } from '@mikro-orm/postgresql'
import type { EntityManager } from '@pharmagraph/platform'
import { Fill, fillsUnderWay } from '../entities/fill.ts'
import { reopenRefill } from './follow-refill.ts'
import { blockFill } from './request-fill.ts'
import { withdrawWorkItems } from './withdraw-work-items.ts'

/** The prescription has ended: its fills under way are blocked, and their orders told why. */
export async function endFills(em: EntityManager, prescriptionId: string, reason: { code: string; message: string }): Promise<void> {
  const fills = await em.find(Fill, { prescriptionId, status: { $in: [...fillsUnderWay] } }, { lockMode: LockMode.PESSIMISTIC_WRITE })
  for (const fill of fills) {
    blockFill(em, fill, reason)
    await withdrawWorkItems(em, { fillId: fill.id }, reason.code)
    await reopenRefill(em, fill, reason.code)
  }
}
