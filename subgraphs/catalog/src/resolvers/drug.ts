import { clock, fraction, money } from '@pharmagraph/platform'
import { formatNdc11, formatNdc12 } from '@pharmagraph/schema/identifiers'
import { access } from '../access.ts'
import type { Drug } from '../entities/drug.ts'
import type { DrugConnectionResolvers, DrugPrice, DrugResolvers } from '../generated/resolvers.ts'
import { listLength } from './list-length.ts'

type Price = { amountMinor: number; currency: string; effectiveFrom: Date; note?: string | null | undefined }
const priceOf = ({ packageSize }: Drug, { amountMinor, currency, effectiveFrom, note }: Price): DrugPrice => {
  const perPackage = money(amountMinor, currency)
  return { perPackage, perUnit: fraction(perPackage, 1, packageSize), since: effectiveFrom, note: note ?? null }
}

export const drugResolvers: DrugResolvers = {
  __resolveReference: ({ id }, { loaders }) => loaders.drug.load(id),
  ndc11: (drug) => formatNdc11(drug.ndc11),
  ndc12: (drug) => formatNdc12(drug.ndc12),
  activeIngredients: (drug) => drug.ingredients,
  price: (drug) => priceOf(drug, { amountMinor: drug.priceMinor, currency: drug.currency, effectiveFrom: drug.priceSince, note: drug.priceNote }),
  priceHistory: async (drug, { first }, { loaders }) =>
    (await loaders.prices.load(drug.id)).filter(({ effectiveFrom }) => effectiveFrom <= drug.priceSince).slice(0, listLength(first)).map((price) => priceOf(drug, price)),
  plannedPrices: async (drug, _args, { actor, loaders }) => {
    access.must(actor, 'drug:planned-prices', undefined)
    return (await loaders.prices.load(drug.id)).filter(({ effectiveFrom }) => effectiveFrom > clock.now()).reverse().map((price) => priceOf(drug, price))
  },
  interactions: (drug, { first }, { loaders }) => loaders.interactionsOf({ first: listLength(first) }).load(drug),
  equivalents: async (drug, _args, { loaders }) => (await loaders.equivalents.load(drug.equivalenceKey)).filter(({ id }) => id !== drug.id),
  substitutes: async (drug, _args, { loaders }) =>
    (await loaders.equivalents.load(drug.equivalenceKey)).filter(
      ({ id, route, therapeuticEquivalence: code }) => id !== drug.id && route === drug.route && code?.startsWith('A') && code === drug.therapeuticEquivalence),
  listings: (drug, _args, { loaders }) => loaders.listings.load(drug.ndc12),
}

export const drugConnectionResolvers: DrugConnectionResolvers = {
  totalCount: (connection) => connection.totalCount(),
  facets: (connection, { fields }) => connection.facets(fields),
}
