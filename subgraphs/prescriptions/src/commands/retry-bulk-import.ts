import { LockMode } from '@mikro-orm/postgresql'
import { invalid, notFound, type Actor, type EntityManager } from '@pharmagraph/platform'
import { BulkImport, BulkImportLine } from '../entities/bulk-import.ts'
import { visibleImport } from '../reads/visible-import.ts'

/**
 * Has lines tried again that were refused because something went wrong on our side: those named, or all of them. By the sender of the
 * import, or staff. What was refused for what it says stays refused. Throws NOT_FOUND, INVALID_INPUT where no such line is left.
 */
export async function retryBulkImport(em: EntityManager, actor: Actor, { importId, lines }: { importId: string; lines?: readonly number[] | null | undefined }): Promise<BulkImport> {
  const visible = await visibleImport(em, actor, importId)
  if (!visible) throw notFound('import')
  const bulk = await em.findOneOrFail(BulkImport, { id: visible.id }, { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true })
  const found = await em.find(BulkImportLine, { importId: bulk.id, retryable: true, ...(lines ? { number: { $in: [...lines] } } : {}) })
  if (found.length === 0) throw invalid('lines', 'none of these lines was refused for a reason of ours: correct them and send them again')
  for (const line of found) Object.assign(line, { status: 'WAITING', tries: 0, nextTryAt: null, retryable: false, reason: null, field: null })
  bulk.refused -= found.length
  Object.assign(bulk, { status: 'RUNNING', finishedAt: null })
  return bulk
}
