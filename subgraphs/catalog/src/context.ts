import { byId, listBy, perArguments, type EntityManager, type SubgraphContext } from '@pharmagraph/platform'
import DataLoader from 'dataloader'
import { DirectoryPackage, DirectoryProduct } from './entities/directory.ts'
import { DrugPrice } from './entities/drug-price.ts'
import { Drug } from './entities/drug.ts'
import { interactionsAmong } from './reads/interactions.ts'
import { packagesOf } from './reads/packages-of.ts'

export const loaders = (em: EntityManager) => ({
  drug: byId(em, Drug),
  drugByNdc: listBy(em, Drug, 'ndc12'),
  /** Drugs by equivalence key: same ingredients, strength and form. */
  equivalents: listBy(em, Drug, 'equivalenceKey'),
  prices: listBy(em, DrugPrice, 'drugId', { orderBy: { effectiveFrom: 'desc' } }),
  /** Interactions of a drug with anything, the most severe `first`. */
  interactionsOf: perArguments(({ first }: { first: number }) =>
    new DataLoader((drugs: readonly Drug[]) => interactionsAmong(em, drugs.map(({ ingredientNames }) => ingredientNames), first), { cacheKeyFn: (drug: Drug) => drug.id as never })),
  productById: listBy(em, DirectoryProduct, 'id'),
  packagesOf: new DataLoader((productIds: readonly string[]) => packagesOf(em, productIds)),
  listings: listBy(em, DirectoryPackage, 'ndc12', { orderBy: { productId: 'asc' } }),
})

export type Context = SubgraphContext<ReturnType<typeof loaders>, object>
