import { hasRole, isId, page, type Actor, type Connection, type EntityManager, type Page } from '@pharmagraph/platform'
import { access } from '../access.ts'
import { ErasureRequest, type ErasureStatus } from '../entities/erasure.ts'

/** The signed-in patient's request, the withdrawn ones left out: it is there after the record is gone. */
export const myErasureRequest = async (em: EntityManager, actor: Actor): Promise<ErasureRequest | null> =>
  hasRole(actor, 'patient') && actor.patientId && isId(actor.patientId) ? em.findOne(ErasureRequest, { patientId: actor.patientId, status: { $ne: 'WITHDRAWN' } }) : null

export async function erasureRequests(em: EntityManager, actor: Actor, { status, ...request }: Page & { status?: ErasureStatus | null | undefined }): Promise<Connection<ErasureRequest>> {
  access.must(actor, 'erasure:list', undefined)
  return page<ErasureRequest>(em, ErasureRequest, status ? { status } : {}, request)
}
