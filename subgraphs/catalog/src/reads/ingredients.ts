import { invalid, type EntityManager } from '@pharmagraph/platform'

/** Ingredients whose name begins so, with their classes, in order of name. */
export async function ingredientsBeginning(em: EntityManager, search: string, first: number): Promise<{ name: string; rxcui: string | null; classes: string[] }[]> {
  if (first < 1 || first > 100) throw invalid('first', 'first must be from 1 to 100')
  const beginning = search.trim().toLowerCase()
  return em.execute(
    `select name, rxcui, array(select class_name from ingredient_class where ingredient = name order by class_name) as classes
     from ingredient where name collate "C" >= ? and name collate "C" < ? || chr(1114111) order by name collate "C" limit ?`,
    [beginning, beginning, first],
  )
}
