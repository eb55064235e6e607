import { emit, type Actor, type EntityManager } from '@pharmagraph/platform'
import type { Drug } from '../entities/drug.ts'
import { announceInteractions } from './announce-interactions.ts'
import { learnWordsOf } from './learn-words.ts'

/** Tells the others what a drug is now, price included; they keep their own copy. */
export function publishDrug(em: EntityManager, actor: Actor, drug: Drug): void {
  const { id, version, ndc, ndc11, name, genericName, ingredients, dosageForm, deaSchedule, rxOnly, packageSize, dispensingUnit } = drug
  const { pharmacologicClass, therapeuticEquivalence, storageClass, priceMinor, currency } = drug
  emit(em, actor, 'catalog.drug-published.v1', id, {
    drugId: id, version: version ?? 1, ndc, ndc11, name, genericName, ingredients, dosageForm, deaSchedule, rxOnly, packageSize, dispensingUnit,
    pharmacologicClass: pharmacologicClass ?? null, therapeuticEquivalence: therapeuticEquivalence ?? null, storageClass, priceMinor, currency,
  })
}

/** New drugs of the formulary: published, found by search, their ingredients known and checked for interactions. */
export async function introduceDrugs(em: EntityManager, actor: Actor, drugs: readonly Drug[]): Promise<void> {
  await em.flush()
  for (const drug of drugs) publishDrug(em, actor, drug)
  await learnWordsOf(em, drugs.map(({ id }) => id))
  const ingredients = drugs.flatMap((drug) => drug.ingredients.map(({ name, rxcui }) => ({ name: name.toLowerCase(), rxcui })))
  await em.execute(
    `insert into ingredient (name, rxcui) select name, max(rxcui) from jsonb_to_recordset(?::jsonb) as r(name text, rxcui text) group by name
     on conflict (name) do update set rxcui = coalesce(ingredient.rxcui, excluded.rxcui)`, [JSON.stringify(ingredients)])
  // the class of a product of several ingredients does not say which one belongs to it
  const single = drugs.filter(({ pharmacologicClass, ingredientNames }) => pharmacologicClass && ingredientNames.length === 1)
  const classes = single.map(({ pharmacologicClass, ingredientNames }) => ({ ingredient: ingredientNames[0], class_name: pharmacologicClass }))
  await em.execute(
    `insert into ingredient_class (ingredient, class_name)
     select distinct ingredient, class_name from jsonb_to_recordset(?::jsonb) as r(ingredient text, class_name text) on conflict do nothing`, [JSON.stringify(classes)])
  await announceInteractions(em, actor, [...new Set(drugs.flatMap(({ ingredientNames }) => ingredientNames))])
}
