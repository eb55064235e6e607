import { accessEventType, invalid, type Actor, type EntityManager } from '@pharmagraph/platform'
import type { FilterQuery } from '@mikro-orm/postgresql'
import { access } from '../access.ts'
import { AuditEntry } from '../entities/audit-entry.ts'
import type { AuditTrailFilter } from '../generated/resolvers.ts'

const maxPage = 200

/** Entries that fit every part of the filter, in the order of the chain; the cursor is the sequence. */
export async function auditTrail(em: EntityManager, actor: Actor, filter: AuditTrailFilter, { first, after }: { first: number; after?: string | null | undefined }) {
  access.must(actor, 'trail:read', undefined)
  if (first < 1 || first > maxPage) throw invalid('first', `first must be from 1 to ${maxPage}`)
  const where: FilterQuery<AuditEntry>[] = [{ sequence: { $gt: after ? decode(after) : 0 } }]
  if (filter.subjectId) where.push({ subjects: { $contains: [filter.subjectId] } })
  if (filter.actor) where.push({ actor: filter.actor })
  if (filter.correlationId) where.push({ correlationId: filter.correlationId })
  if (filter.type) where.push({ type: filter.type })
  else if (!filter.accesses) where.push({ type: { $ne: accessEventType } })
  if (filter.from) where.push({ at: { $gte: filter.from } })
  if (filter.to) where.push({ at: { $lt: filter.to } })

  const rows = await em.find(AuditEntry, { $and: where }, { orderBy: { sequence: 'asc' }, limit: first + 1 })
  const edges = rows.slice(0, first).map((node) => ({ node, cursor: encode(node.sequence) }))
  return {
    edges,
    nodes: edges.map(({ node }) => node),
    pageInfo: { hasNextPage: rows.length > first, endCursor: edges.at(-1)?.cursor ?? null },
  }
}

const encode = (sequence: number): string => Buffer.from(`s:${sequence}`).toString('base64url')
function decode(cursor: string): number {
  const match = /^s:(\d{1,15})$/.exec(Buffer.from(cursor, 'base64url').toString())
  if (!match) throw invalid('after', 'this cursor is not one of ours')
  return Number(match[1])
}
