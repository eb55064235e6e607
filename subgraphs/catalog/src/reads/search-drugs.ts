import { AppError, invalid, type EntityManager } from '@pharmagraph/platform'
import { parseNdc } from '@pharmagraph/schema/identifiers'
import { Drug } from '../entities/drug.ts'

type Found = { nodes: Drug[]; edges: { cursor: string; node: Drug }[]; pageInfo: { hasNextPage: boolean; endCursor: string | null } }

/**
 * Drugs by NDC in any form, or by words: full text on name, ingredient and description, names that begin so, and
 * near misses by trigrams. Best first; the cursor is a place in that order.
 */
export async function searchDrugs(em: EntityManager, { search, first, after }: { search?: string | null | undefined; first: number; after?: string | null | undefined }): Promise<Found> {
  if (first < 1 || first > 100) throw invalid('first', 'first must be from 1 to 100')
  const offset = after ? decodeOffset(after) : 0
  const ids = await rankedIds(em, search?.trim() ?? '', offset, first + 1)
  const drugs = new Map((await em.find(Drug, { id: { $in: ids } })).map((drug) => [drug.id, drug]))
  const nodes = ids.slice(0, first).map((id) => drugs.get(id)!)
  const edges = nodes.map((node, index) => ({ node, cursor: encodeOffset(offset + index + 1) }))
  return { nodes, edges, pageInfo: { hasNextPage: ids.length > first, endCursor: edges.at(-1)?.cursor ?? null } }
}

async function rankedIds(em: EntityManager, search: string, offset: number, limit: number): Promise<string[]> {
  if (!search) return idsOf(await em.execute('select id from drug order by name, id offset ? limit ?', [offset, limit]))
  const ndc = parseNdc(search)
  if (ndc) return idsOf(await em.execute('select id from drug where ndc12 = ? offset ? limit ?', [ndc.ndc12, offset, limit]))
  const prefix = search.toLowerCase().split(/[^\p{L}\p{N}]+/u).filter(Boolean).map((word) => `${word}:*`).join(' & ')
  if (!prefix) return []
  return idsOf(
    await em.execute(
      `select id from (
         select id, name,
                ts_rank(search, websearch_to_tsquery('english', ?)) * 2
                + ts_rank(search, to_tsquery('simple', ?))
                + word_similarity(?, search_text) as rank
         from drug
         where search @@ websearch_to_tsquery('english', ?) or search @@ to_tsquery('simple', ?) or ? <% search_text
       ) ranked
       order by rank desc, name, id offset ? limit ?`,
      [search, prefix, search.toLowerCase(), search, prefix, search.toLowerCase(), offset, limit],
    ),
  )
}

const idsOf = (rows: { id: string }[]): string[] => rows.map(({ id }) => id)
const encodeOffset = (offset: number): string => Buffer.from(`o:${offset}`).toString('base64url')
function decodeOffset(cursor: string): number {
  const match = /^o:(\d+)$/.exec(Buffer.from(cursor, 'base64url').toString())
  if (!match) throw new AppError('INVALID_INPUT', 'this cursor is not one of ours', { field: 'after' })
  return Number(match[1])
}
