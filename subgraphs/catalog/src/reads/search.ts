/** One search for the formulary and for the directory: both have a search vector, a folded name and columns to narrow by. */
import type { EntityClass } from '@mikro-orm/postgresql'
import { invalid, isId, type EntityManager } from '@pharmagraph/platform'
import type { SearchScope } from '../entities/search-word.ts'
import { ndcReadings, type NdcReadings } from '../ndc-readings.ts'
import { all, type Sql } from '../sql.ts'
import { fold, storable } from '../text.ts'
import { countFacets, filtersOf, type FacetCount, type FacetField, type Facets, type Narrowing } from './facets.ts'
import { columnsOf, plainRows } from './plain-rows.ts'
import { forgive, readQuestion, type Question } from './search-words.ts'

/** What is searched. Names and conditions are ours, never a caller's. */
export type Searchable<Entity> = {
  entity: EntityClass<Entity>
  /** Its table, which is also the scope of its search words. */
  table: SearchScope
  facets: Facets
  /** Added to the rank, 0 to 1. */
  boost: string
  /** Where the row is, or holds, one of the NDCs. */
  ndc(readings: NdcReadings): Sql
}

export type SearchRequest = {
  search?: string | null | undefined
  first: number
  after?: string | null | undefined
  narrow: Narrowing
  /** Holds for every result, whatever is asked. */
  always?: Sql
}

/** A page of results; counts are made when they are asked for. */
export type Found<Entity> = {
  nodes: Entity[]
  edges: { cursor: string; node: Entity }[]
  pageInfo: { hasNextPage: boolean; endCursor: string | null }
  readAs: string | null
  totalCount(): Promise<number>
  facets(fields?: readonly FacetField[] | null): Promise<FacetCount[]>
}

/** A question that matches more is ranked among the first so many: one word such as "powder" tells nothing apart. */
const mostRanked = 2_500

/**
 * One page of results, best first. Words must all be found, as the beginning of words, in name, ingredients, kind or
 * description; in that order they weigh. A name that is the question, or begins with it, comes before all others. One or
 * two letters list the names that begin so; nothing lists all names; digits are read as an NDC.
 */
export async function searchIn<Entity extends object>(em: EntityManager, target: Searchable<Entity>, request: SearchRequest): Promise<Found<Entity>> {
  const { first, after } = request
  if (!Number.isInteger(first) || first < 1 || first > 100) throw invalid('first', 'first must be from 1 to 100')
  const search = request.search?.trim() ?? ''
  if (search.length > 200) throw invalid('search', 'search for 200 characters at most')
  const filters = filtersOf(target.facets, request.narrow)
  const always = request.always ?? nothingAsked
  const from = after ? decodeCursor(after, target.table) : undefined
  const lookUp = async (lookup: Lookup) => ({ ...lookup, rows: await bestRows(em, target, lookup, all([lookup.matches, always, ...filters.values()]), from, first + 1) })

  const question = readQuestion(search)
  let found = await lookUp(lookupOf(target, search, question))
  let readAs: string | null = null
  if (found.rank && (found.rows[0]?.matches ?? 0) < 3) {
    const forgiven = await forgive(em, target.table, question)
    if (forgiven) {
      found = await lookUp(byWords(forgiven))
      readAs = forgiven.words.join(' ')
    }
  }
  const { rows, matches, rank } = found
  const where = all([matches, always, ...filters.values()])
  const nodeOf = plainRows(em, target.entity)
  const edges = rows.slice(0, first).map((row) => ({ cursor: encodeCursor({ rank: row.rank, name: row.name_key, id: row.id }), node: nodeOf(row) }))
  return {
    edges,
    nodes: edges.map(({ node }) => node),
    pageInfo: { hasNextPage: rows.length > first, endCursor: edges.at(-1)?.cursor ?? null },
    readAs,
    async totalCount() {
      if (!from && rows.length <= first) return rows.length
      const ranked = rows[0]?.matches ?? 0
      if (rank && ranked > 0 && ranked < mostRanked) return ranked
      const [count] = await em.execute<{ n: number }[]>(`select count(*)::int as n from ${target.table} t where ${where.text}`, where.params)
      return count!.n
    },
    facets: (fields) => countFacets(em, target, all([matches, always]), filters, fields),
  }
}

/** What a question comes down to: which rows, and how well each answers; without a rank they are listed by name. */
type Lookup = { matches: Sql; rank?: Sql }
const nothingAsked: Sql = { text: 'true', params: [] }

function lookupOf(target: Searchable<never>, search: string, question: Question): Lookup {
  if (!search) return { matches: nothingAsked }
  const readings = ndcReadings(search)
  if (readings) return { matches: target.ndc(readings) }
  const folded = fold(search)
  if (!folded) return { matches: { text: 'false', params: [] } }
  if (folded.length <= 2 || question.parts.length === 0) return { matches: nameBegins(folded) }
  return byWords(question)
}

type Row = Record<string, unknown> & { id: string; name_key: string; rank: number; matches: number }

/** The best rows after `from`; `matches` of each is how many were ranked. */
async function bestRows(em: EntityManager, { table, entity, boost }: Searchable<never>, { rank }: Lookup, where: Sql, from: Cursor | undefined, limit: number): Promise<Row[]> {
  return em.execute<Row[]>(
    `select ${columnsOf(em, entity, 'e')}, rank, matches from (
       select id, name_key, rank, matches from (
         select id, name_key, ${rank ? `(1000000 * (${rank.text} + t.boost))::int` : '0'} as rank, ${rank ? 'count(*) over ()::int' : '0'} as matches
         from (select id, name_key, search, ${boost} as boost from ${table} t where ${where.text} ${rank ? `limit ${mostRanked}` : ''}) t
       ) ranked
       ${from ? 'where rank < ? or (rank = ? and (name_key collate "C", id) > (?, ?))' : ''}
       order by ${rank ? 'rank desc, ' : ''}name_key collate "C", id limit ?
     ) page join ${table} e using (id) order by rank desc, e.name_key collate "C", id`,
    [...(rank?.params ?? []), ...where.params, ...(from ? [from.rank, from.rank, from.name, from.id] : []), limit],
  )
}

const nameBegins = (text: string): Sql => ({ text: 't.name_key collate "C" >= ? and t.name_key collate "C" < ? || chr(1114111)', params: [text, text] })

function byWords({ words, parts }: Question): Lookup {
  // words are folded: letters, digits and points only, so quoting them is all a tsquery needs
  const quoted = (word: string): string => `'${word}'`
  const wide = parts.map(({ readings, prefix }) => `(${readings.map((word) => quoted(word) + (prefix ? ':*' : '')).join(' | ')})`).join(' & ')
  const exact = words.map(quoted).join(' | ')
  const name = words.join(' ')
  const weights = `'{0.02, 0.1, 0.4, 1.0}'`
  return {
    matches: { text: 't.search @@ ?::tsquery', params: [wide] },
    rank: {
      // a word that is whole counts double; the length of a text counts against it
      text: `(case when t.name_key = ? then 8 when starts_with(t.name_key, ?) then 4 else 0 end) + 2 * ts_rank(${weights}, t.search, ?::tsquery, 1) + ts_rank(${weights}, t.search, ?::tsquery, 1)`,
      params: [name, name, exact, wide],
    },
  }
}

type Cursor = { rank: number; name: string; id: string }
const encodeCursor = ({ rank, name, id }: Cursor): string => Buffer.from(JSON.stringify([rank, name, id])).toString('base64url')
function decodeCursor(cursor: string, table: SearchScope): Cursor {
  try {
    const [rank, name, id] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown[]
    const possible = Number.isInteger(rank) && Math.abs(rank as number) < 2 ** 31 && typeof name === 'string' && typeof id === 'string' && name === storable(name) && (table === 'drug' ? isId(id) : id === storable(id))
    if (possible) return { rank: rank as number, name, id }
  } catch {
    // not ours either
  }
  throw invalid('after', 'this cursor is not one of ours')
}
