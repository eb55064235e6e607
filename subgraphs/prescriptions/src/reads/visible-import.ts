import { isId, isStaff, type Actor, type EntityManager } from '@pharmagraph/platform'
import { BulkImport } from '../entities/bulk-import.ts'

/** The sender's own import, or any for staff. */
export async function visibleImport(em: EntityManager, actor: Actor | undefined, id: string | undefined): Promise<BulkImport | null> {
  if (!actor || !isId(id)) return null
  return em.findOne(BulkImport, isStaff(actor) ? { id } : { id, submittedBy: actor.subject })
}
