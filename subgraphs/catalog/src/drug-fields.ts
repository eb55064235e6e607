import { createHash } from 'node:crypto'
import { gtinOfNdc, parseNdc } from '@pharmagraph/schema/identifiers'
import type { Drug, Ingredient } from './entities/drug.ts'

export type DrugFacts = Pick<
  Drug,
  'id' | 'ndc' | 'name' | 'genericName' | 'manufacturer' | 'description' | 'dosageForm' | 'route' | 'deaSchedule' | 'rxOnly' | 'packageSize' | 'dispensingUnit' | 'packageDescription'
  | 'storageClass'
> & {
  ingredients: Ingredient[]
  sideEffects: string[]
  pharmacologicClass: string | null
  therapeuticEquivalence: string | null
  price: { amountMinor: number; currency: string; effectiveFrom: Date; note: string | null }
}

/** The columns of a drug: what is known of it and what follows from that. Throws for what is no listed ten-digit NDC. */
export function drugFields({ price, ...facts }: DrugFacts) {
  const ndc = parseNdc(facts.ndc)
  if (!ndc?.ndc11 || !ndc.listed) throw new RangeError(`${facts.ndc} is no listed NDC`)
  const sameness = [...facts.ingredients.map(({ name, strength }) => `${name} ${strength}`.toLowerCase()).sort(), facts.dosageForm.toLowerCase()].join('|')
  return {
    ...facts,
    ndc11: ndc.ndc11,
    ndc12: ndc.ndc12,
    ndc10: facts.ndc.replaceAll('-', ''),
    gtin: gtinOfNdc(facts.ndc),
    ingredientNames: [...new Set(facts.ingredients.map(({ name }) => name.toLowerCase()))],
    strength: facts.ingredients.map(({ strength }) => strength).join(' / '),
    equivalenceKey: sameness.length <= 200 ? sameness : createHash('sha256').update(sameness).digest('hex'),
    priceMinor: price.amountMinor,
    currency: price.currency,
    priceSince: price.effectiveFrom,
    priceNote: price.note,
  }
}
