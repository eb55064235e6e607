import { fraction, money } from '@pharmagraph/platform'
import { formatNdc11, formatNdc12 } from '@pharmagraph/schema/identifiers'
import type { DrugResolvers } from '../generated/resolvers.ts'

export const drugResolvers: DrugResolvers = {
  __resolveReference: ({ id }, { loaders }) => loaders.drug.load(id),
  ndc11: (drug) => formatNdc11(drug.ndc11),
  ndc12: (drug) => formatNdc12(drug.ndc12),
  activeIngredients: (drug) => drug.ingredients,
  strength: (drug) => drug.ingredients.map(({ strength }) => strength).join(' / '),
  price: (drug) => {
    const perPackage = money(drug.priceMinor, drug.currency)
    return { perPackage, perUnit: fraction(perPackage, 1, drug.packageSize), since: drug.priceSince, note: drug.priceNote ?? null }
  },
  interactions: async (drug, { first }, { loaders }) => (await loaders.interactionsOf.load(drug)).slice(0, first ?? 20),
  equivalents: async (drug, _args, { loaders }) => (await loaders.equivalents.load(drug.equivalenceKey)).filter(({ id }) => id !== drug.id),
}
