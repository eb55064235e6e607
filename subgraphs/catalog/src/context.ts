import { byId, listBy, type EntityManager, type SubgraphContext } from '@pharmagraph/platform'
import DataLoader from 'dataloader'
import { Drug } from './entities/drug.ts'
import { interactionsAmong } from './reads/interactions.ts'

export const loaders = (em: EntityManager) => ({
  drug: byId(em, Drug),
  /** Drugs by equivalence key: same ingredients, strength and form. */
  equivalents: listBy(em, Drug, 'equivalenceKey'),
  /** Interactions of one drug with anything, by drug id. */
  interactionsOf: new DataLoader((drugs: readonly Drug[]) => interactionsAmong(em, drugs), { cacheKeyFn: (drug: Drug) => drug.id as never }),
})

export type Context = SubgraphContext<ReturnType<typeof loaders>, object>
