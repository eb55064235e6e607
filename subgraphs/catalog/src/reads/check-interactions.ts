import { invalid, isId, type EntityManager } from '@pharmagraph/platform'
import { DirectoryPackage, DirectoryProduct } from '../entities/directory.ts'
import { Drug } from '../entities/drug.ts'
import { ndcReadings } from '../ndc-readings.ts'
import { textArray } from '../sql.ts'
import { moietyOf } from '../substances.ts'
import { fold } from '../text.ts'
import { interactionsBetween, latestRelease, releaseOf, type Finding } from './interactions.ts'

const mostMedicines = 30

export type Check = {
  knowledgeVersion: string | null
  findings: Finding[]
  medicines: { asked: string; recognised: boolean; ingredients: string[] }[]
}

/**
 * Checks medicines against each other, each named by the id of a drug, an NDC or GTIN in any form, or the name of an
 * ingredient or product; what names nothing known is said to be unrecognised. A bounded number of statements.
 */
export async function checkInteractions(em: EntityManager, asked: readonly string[], knowledgeVersion?: string | null): Promise<Check> {
  if (asked.length > mostMedicines) throw invalid('medicines', `ask about ${mostMedicines} medicines at most`)
  const names = [...new Set(asked.map((text) => text.trim()).filter(Boolean))]
  const [number, latest, ingredients] = await Promise.all([knowledgeVersion ? releaseOf(em, knowledgeVersion) : undefined, latestRelease(em), ingredientsOf(em, names)])
  const taken = names.filter((name) => ingredients.has(name)).map((name) => ({ key: name, ingredients: ingredients.get(name)! }))
  return {
    knowledgeVersion: knowledgeVersion ?? latest?.version ?? null,
    findings: await interactionsBetween(em, taken, number),
    medicines: names.map((name) => ({ asked: name, recognised: ingredients.has(name), ingredients: ingredients.get(name) ?? [] })),
  }
}

/** Ingredient names by what was asked, for all that is recognised. */
async function ingredientsOf(em: EntityManager, asked: readonly string[]): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>()
  const learn = (key: string, names: readonly string[]): void => void (names.length && !found.has(key) && found.set(key, [...names]))
  const ids = asked.filter(isId)
  const byId = new Map(ids.length ? (await em.find(Drug, { id: { $in: ids } }, { fields: ['ingredientNames'] })).map((drug) => [drug.id, drug.ingredientNames]) : [])
  for (const id of ids) learn(id, byId.get(id.toLowerCase()) ?? [])

  const ndcs = asked.flatMap((text) => {
    const readings = isId(text) ? undefined : ndcReadings(text)
    return readings ? [{ text, readings }] : []
  })
  if (ndcs.length) {
    const where = { $or: [{ ndc12: { $in: ndcs.flatMap(({ readings }) => readings.ndc12) } }, { ndc10: { $in: ndcs.flatMap(({ readings }) => readings.ndc10) } }] }
    const drugs = await em.find(Drug, where, { fields: ['ndc12', 'ndc10', 'ingredientNames'] })
    const packages = await em.find(DirectoryPackage, where, { fields: ['ndc12', 'ndc10', 'productId'] })
    const listed = await em.find(DirectoryProduct, { id: { $in: packages.map(({ productId }) => productId) } }, { fields: ['ingredientNames'] })
    const products = new Map(listed.map((product) => [product.id, product.ingredientNames]))
    for (const { text, readings } of ndcs) {
      const isIt = ({ ndc12, ndc10 }: { ndc12: string; ndc10?: string | null | undefined }): boolean => readings.ndc12.includes(ndc12) || (ndc10 != null && readings.ndc10.includes(ndc10))
      learn(text, drugs.find(isIt)?.ingredientNames ?? products.get(packages.find(isIt)?.productId ?? '') ?? [])
    }
  }

  const names = asked.filter((text) => !found.has(text)).map((text) => ({ text, moiety: moietyOf(text), key: fold(text) }))
  if (names.length === 0) return found
  const keys = textArray(names.map(({ key }) => key))
  const known = await em.execute<{ name_key: string; ingredient_names: string[] }[]>(
    `select name as name_key, array[name]::text[] as ingredient_names from ingredient where name = any(?::text[])
     union all select name_key, ingredient_names from (select distinct on (name_key) name_key, ingredient_names from drug where name_key collate "C" = any(?::text[]) order by name_key, id) d
     union all select name_key, ingredient_names from (
       select distinct on (name_key) name_key, ingredient_names from directory_product where name_key collate "C" = any(?::text[]) order by name_key, withdrawn_at nulls first, list, id) p
     union all select term, array[term]::text[] from (select distinct term from interaction_pair where term = any(?::text[])) t`,
    [textArray(names.map(({ moiety }) => moiety)), keys, keys, textArray(names.map(({ moiety }) => moiety))],
  )
  for (const { text, moiety, key } of names) {
    learn(text, known.find(({ name_key }) => name_key === moiety)?.ingredient_names ?? known.find(({ name_key }) => name_key === key)?.ingredient_names ?? [])
  }
  return found
}
