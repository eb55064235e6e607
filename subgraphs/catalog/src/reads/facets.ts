/** Facets of a search: narrowing by them, and counting the values that are left to choose from. */
import type { EntityManager } from '@pharmagraph/platform'
import { textArray, type Sql } from '../sql.ts'

export type FacetField =
  | 'DOSAGE_FORM' | 'ROUTE' | 'STRENGTH' | 'INGREDIENT' | 'PHARMACOLOGIC_CLASS' | 'MANUFACTURER' | 'DEA_SCHEDULE' | 'STORAGE_CLASS' | 'RX_ONLY' | 'PRODUCT_TYPE'
/** A column to narrow and count by, and whether it holds a list. */
export type Facet = { column: string; list: boolean }
export type Facets = Partial<Record<FacetField, Facet>>
/** Wanted values by field. */
export type Narrowing = Partial<Record<FacetField, readonly string[] | null | undefined>>
export type FacetCount = { field: FacetField; values: { value: string; count: number }[] }

/** Of a question that matches more, so many matches are counted. */
const mostCounted = 1_000
/** So many commonest values of a facet are told. */
const facetValues = 20

/** What narrows a search, by field; the values of a field are alternatives, and a field without values narrows nothing. */
export function filtersOf(facets: Facets, narrow: Narrowing): Map<FacetField, Sql> {
  const chosen = (Object.entries(narrow) as [FacetField, readonly string[] | null | undefined][]).flatMap(([field, values]) => (values?.length ? [{ field, values }] : []))
  return new Map(chosen.map(({ field, values }) => {
    const { column, list } = facets[field]!
    return [field, { text: list ? `t.${column} && ?::text[]` : `t.${column}::text = any(?::text[])`, params: [textArray(values)] }]
  }))
}

/** A facet's values are counted under all filters but its own, so that its other values can still be chosen. */
export async function countFacets(
  em: EntityManager, { table, facets }: { table: string; facets: Facets }, matches: Sql, filters: Map<FacetField, Sql>, wanted?: readonly FacetField[] | null,
): Promise<FacetCount[]> {
  const fields = (Object.entries(facets) as [FacetField, Facet][]).filter(([field]) => wanted?.includes(field) ?? true)
  if (fields.length === 0) return []
  const narrowed = [...filters.keys()]
  const passing = (but?: FacetField): string => ['true', ...narrowed.flatMap((field) => (field === but ? [] : [`passes_${field}`]))].join(' and ')
  // single values that no filter of their own narrows are counted in one pass
  const together = fields.filter(([field, { list }]) => !list && !filters.has(field))
  const apart = fields.filter(([field, { list }]) => list || filters.has(field))
  const counts = apart.map(([field, { column, list }]) =>
    `select '${field}' as field, value, count(*)::int as count from (select ${list ? `unnest(${column})` : `${column}::text`} as value from base where ${passing(field)}) v group by value`)
  if (together.length) {
    const each = (sql: (column: string, field: FacetField) => string, separator: string): string => together.map(([field, { column }]) => sql(column, field)).join(separator)
    counts.push(
      `select case ${each((column, field) => `when grouping(${column}) = 0 then '${field}'`, ' ')} end, coalesce(${each((column) => `${column}::text`, ', ')}), count(*)::int
       from base where ${passing()} group by grouping sets (${each((column) => `(${column})`, ', ')})`)
  }
  const selected = [...fields.map(([, { column }]) => `t.${column}`), ...narrowed.map((field) => `(${filters.get(field)!.text}) as passes_${field}`)]
  const rows = await em.execute<{ field: FacetField; value: string; count: number }[]>(
    `with base as materialized (select ${selected.join(', ')} from ${table} t where ${matches.text} limit ${mostCounted})
     select field, value, count from (
       select field, value, count, row_number() over (partition by field order by count desc, value collate "C") as place from (${counts.join(' union all ')}) counted where value <> ''
     ) placed where place <= ${facetValues} order by field, place`,
    [...narrowed.flatMap((field) => filters.get(field)!.params), ...matches.params],
  )
  const byField = Map.groupBy(rows, ({ field }) => field)
  return fields.map(([field]) => ({ field, values: (byField.get(field) ?? []).map(({ value, count }) => ({ value, count })) }))
}
