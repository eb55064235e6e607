import { adoptPackage } from '../commands/adopt-package.ts'
import { changeDrugPrice } from '../commands/change-drug-price.ts'
import type { MutationResolvers } from '../generated/resolvers.ts'

export const mutationResolvers: MutationResolvers = {
  changeDrugPrice: (_source, { input }, { actor, transact }) =>
    transact((em) => changeDrugPrice(em, actor, { ...input, currency: input.currency ?? 'USD' })),
  adoptPackage: (_source, { input }, { actor, transact }) =>
    transact((em) => adoptPackage(em, actor, { ...input, currency: input.currency ?? 'USD', sideEffects: input.sideEffects ?? [] })),
}
