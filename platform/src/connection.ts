/** Relay connections over ids that sort by time (UUID v7): newest first, the cursor is the id. */
import DataLoader from 'dataloader'
import type { EntityClass, FilterQuery } from '@mikro-orm/postgresql'
import { invalid } from './errors.ts'
import { isId } from './ids.ts'
import type { EntityManager } from './orm.ts'

export type Page = { first: number; after?: string | null | undefined }
export type Connection<Node> = {
  edges: { cursor: string; node: Node }[]
  nodes: Node[]
  pageInfo: { hasNextPage: boolean; endCursor: string | null }
}

const maxPage = 200
const encode = (id: string): string => Buffer.from(id).toString('base64url')
function decode(cursor: string): string {
  const id = Buffer.from(cursor, 'base64url').toString()
  if (!isId(id)) throw invalid('after', 'this cursor is not one of ours')
  return id
}

/** Checks `first` (1 to 200) and turns `after` into the id it stands for. */
function bounds({ first, after }: Page): { limit: number; afterId: string | undefined } {
  if (!Number.isInteger(first) || first < 1 || first > maxPage) throw invalid('first', `first must be from 1 to ${maxPage}`)
  return { limit: first, afterId: after ? decode(after) : undefined }
}

/** Rows must come sorted and hold one more than the page, if there is one more. */
export function toConnection<Node extends { id: string }>(rows: readonly Node[], limit: number): Connection<Node> {
  const nodes = rows.slice(0, limit)
  return {
    edges: nodes.map((node) => ({ cursor: encode(node.id), node })),
    nodes,
    pageInfo: { hasNextPage: rows.length > limit, endCursor: nodes.length ? encode(nodes.at(-1)!.id) : null },
  }
}

/** One page of `entity` under `where`. */
export async function page<Entity extends { id: string }>(
  em: EntityManager, entity: EntityClass<Entity>, where: FilterQuery<Entity>, request: Page, order: 'asc' | 'desc' = 'desc',
): Promise<Connection<Entity>> {
  const { limit, afterId } = bounds(request)
  const after = afterId ? { id: order === 'desc' ? { $lt: afterId } : { $gt: afterId } } : {}
  const rows = await em.find(entity, { $and: [where, after] } as never, { orderBy: { id: order } as never, limit: limit + 1 })
  return toConnection(rows as Entity[], limit)
}

/**
 * Pages of children for many parents in one statement: the loader key is the parent's id, the page and the filter are
 * the loader's. Make one loader per distinct (page, filter): `pagesOf(args => pageByParent(…))`.
 */
export function pageByParent<Entity extends { id: string }>(
  em: EntityManager, entity: EntityClass<Entity>, parent: keyof Entity & string, where: FilterQuery<Entity>, request: Page,
): DataLoader<string, Connection<Entity>> {
  const { limit, afterId } = bounds(request)
  return new DataLoader(async (parents) => {
    const query = em.createQueryBuilder(entity, 'e').select('*' as never)
    query.where({ $and: [{ [parent]: { $in: parents } }, where, afterId ? { id: { $lt: afterId } } : {}] } as never)
    const column = (em.getMetadata().get(entity).properties as Record<string, { fieldNames: string[] }>)[parent]?.fieldNames[0]
    const compiled = query.toQuery()
    const ranked = await em.execute<Record<string, unknown>[]>(
      `select * from (select q.*, row_number() over (partition by q."${column}" order by q.id desc) as rank from (${compiled.sql}) q) r where r.rank <= ${limit + 1} order by r.rank`,
      compiled.params as unknown[],
    )
    const rows = ranked.map(({ rank: _, ...row }) => em.map(entity, row as never))
    const groups = Map.groupBy(rows, (row) => String(row[parent]))
    return parents.map((id) => toConnection(groups.get(id) ?? [], limit))
  })
}

/** Remembers one loader per distinct argument object within a request. */
export function perArguments<Arguments extends object, Loader>(make: (args: Arguments) => Loader): (args: Arguments) => Loader {
  const made = new Map<string, Loader>()
  return (args) => {
    const key = JSON.stringify(args)
    let loader = made.get(key)
    if (!loader) made.set(key, (loader = make(args)))
    return loader
  }
}
