import { byId, type Actor, type EntityManager, type SubgraphContext } from '@pharmagraph/platform'
import { access } from './access.ts'
import { AuditEntry } from './entities/audit-entry.ts'

export const loaders = (em: EntityManager, actor: Actor) => ({
  /** Those who may not read the trail find no entry. */
  entry: byId(em, AuditEntry, access.can(actor, 'trail:read', undefined) ? {} : { id: { $in: [] } }),
})

export type Context = SubgraphContext<ReturnType<typeof loaders>, object>
