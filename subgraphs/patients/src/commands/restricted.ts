import { AppError, type EntityManager } from '@pharmagraph/platform'
import { ErasureRequest } from '../entities/erasure.ts'

/** Nothing new is agreed to about a record that is only kept: throws ERASURE_REQUESTED while a wish to be erased stands. */
export async function mustNotBeRestricted(em: EntityManager, patientId: string): Promise<void> {
  if (!(await em.count(ErasureRequest, { patientId, status: { $ne: 'WITHDRAWN' } }))) return
  throw new AppError('ERASURE_REQUESTED', 'the record is only kept, since it is to be erased: take that wish back first', {}, { http: 409 })
}
