import { systemActor, type EntityManager } from '@pharmagraph/platform'
import { announceInteractions } from './announce-interactions.ts'
import { learnWords } from './learn-words.ts'
import { rateEquivalence } from './rate-equivalence.ts'

/** What follows from a directory that changed: search words, ingredients and their classes, equivalence codes, reach of interactions. */
export async function learnFromDirectory(em: EntityManager): Promise<void> {
  // entries that wait to be merged into the index would have to be read through by every search
  await em.execute(`select gin_clean_pending_list('directory_product_search')`)
  await learnWords(em, 'directory_product')
  await em.execute('insert into ingredient (name) select distinct unnest(ingredient_names) from directory_product where withdrawn_at is null on conflict do nothing')
  await em.execute(
    `insert into ingredient_class (ingredient, class_name)
     select distinct ingredient_names[1], unnest(classes) from directory_product where withdrawn_at is null and cardinality(ingredient_names) = 1
     on conflict do nothing`)
  await rateEquivalence(em)
  await announceInteractions(em, systemActor('catalog'))
}
