import type { Actor, EntityManager } from '@pharmagraph/platform'
import { access } from '../access.ts'
import { LossCase, type LossStatus } from '../entities/loss-case.ts'

/** Cases of missing controlled substances, the next due first. */
export async function findLossCases(em: EntityManager, actor: Actor, status: LossStatus | null | undefined): Promise<LossCase[]> {
  access.must(actor, 'loss-case:view', undefined)
  return em.find(LossCase, status ? { status } : {}, { orderBy: { noticeDueOn: 'asc', id: 'asc' }, limit: 500 })
}
