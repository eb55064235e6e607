import { invalid, type EntityManager } from '@pharmagraph/platform'
import { Interaction, KnowledgeRelease, severities } from '../entities/interaction.ts'
import { textArray } from '../sql.ts'
import { plainRows } from './plain-rows.ts'

const bySeverity = (a: Interaction, b: Interaction): number => severities.indexOf(a.severity) - severities.indexOf(b.severity) || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)

/** What interactions may call these ingredients, each with the ingredients it stands for: their names and their classes, lower case. */
export async function termsOf(em: EntityManager, ingredients: readonly string[]): Promise<Map<string, string[]>> {
  const terms = new Map(ingredients.map((name) => [name, [name]]))
  const classes = await em.execute<{ class_name: string; ingredient: string }[]>(
    'select lower(class_name) as class_name, ingredient from ingredient_class where ingredient = any(?::text[])', [textArray(ingredients)])
  for (const { class_name, ingredient } of classes) terms.set(class_name, [...(terms.get(class_name) ?? []), ingredient])
  return terms
}

/** Something taken, under any key, and its ingredients' names, lower case. */
export type Taken = { key: string; ingredients: readonly string[] }
export type Finding = { interaction: Interaction; keys: [string, string]; ingredients: [string, string] }

/**
 * What happens between any two of the things taken: an ingredient of one on one side, another of the other on the other,
 * by name or by class; most severe first. As known now, or at the release with that number. Two statements, side by side.
 */
export async function interactionsBetween(em: EntityManager, taken: readonly Taken[], release?: number): Promise<Finding[]> {
  const names = [...new Set(taken.flatMap(({ ingredients }) => ingredients))]
  const standing = release === undefined ? 'i.until is null' : 'i.since <= ? and (i.until is null or i.until > ?)'
  const asked = textArray(names)
  const [terms, rows] = await Promise.all([
    termsOf(em, names),
    em.execute<(Record<string, unknown> & { term: string; other: string })[]>(
      `with terms as materialized (select unnest(?::text[]) as term union select lower(class_name) from ingredient_class where ingredient = any(?::text[]))
       select p.term, p.other, i.* from interaction_pair p join interaction i on i.seq = p.interaction and ${standing}
       where p.term = any(array(select term from terms)) and p.other = any(array(select term from terms)) and p.term <= p.other`,
      [asked, asked, ...(release === undefined ? [] : [release, release])],
    ),
  ])
  const findings = new Map<string, Finding>()
  const interactionOf = plainRows(em, Interaction)
  for (const { term, other, ...row } of rows) {
    const interaction = interactionOf(row)
    for (const one of terms.get(term) ?? []) {
      for (const another of terms.get(other) ?? []) {
        if (one === another) continue
        for (const first of taken.filter(({ ingredients }) => ingredients.includes(one))) {
          for (const second of taken.filter(({ key, ingredients }) => key !== first.key && ingredients.includes(another))) {
            const keys = [first.key, second.key].sort() as [string, string]
            const key = `${interaction.seq} ${keys.join(' ')}`
            if (!findings.has(key)) findings.set(key, { interaction, keys: [first.key, second.key], ingredients: [one, another] })
          }
        }
      }
    }
  }
  return [...findings.values()].sort((a, b) => bySeverity(a.interaction, b.interaction))
}

/** For each list of ingredients, the interactions any of them takes part in, most severe first, at most `first`; one statement for all. */
export async function interactionsAmong(em: EntityManager, lists: readonly (readonly string[])[], first: number): Promise<Interaction[][]> {
  const rows = await em.execute<(Record<string, unknown> & { place: number })[]>(
    `select list.place - 1 as place, i.* from jsonb_array_elements(?::jsonb) with ordinality list(names, place)
     cross join lateral (
       select distinct p.rank, p.interaction
       from (select name as term from jsonb_array_elements_text(list.names) name
             union select lower(class_name) from ingredient_class join jsonb_array_elements_text(list.names) name on name = ingredient) terms
       cross join lateral (
         select p.rank, p.interaction from interaction_pair p join interaction now on now.seq = p.interaction and now.until is null
         where p.term = terms.term order by p.rank, p.interaction limit ?) p
       order by p.rank, p.interaction limit ?) found
     join interaction i on i.seq = found.interaction`,
    [JSON.stringify(lists), first, first],
  )
  const found = lists.map((): Interaction[] => [])
  const interactionOf = plainRows(em, Interaction)
  for (const { place, ...row } of rows) found[Number(place)]!.push(interactionOf(row))
  return found.map((list) => list.sort(bySeverity))
}

/** Number of the newest release of that version. */
export async function releaseOf(em: EntityManager, version: string): Promise<number> {
  const release = await em.findOne(KnowledgeRelease, { version }, { orderBy: { number: 'desc' } })
  if (!release) throw invalid('knowledgeVersion', `no release ${version} of the interaction knowledge is known`)
  return release.number
}

export const latestRelease = (em: EntityManager): Promise<KnowledgeRelease | null> => em.findOne(KnowledgeRelease, { number: { $gt: 0 } }, { orderBy: { number: 'desc' } })
