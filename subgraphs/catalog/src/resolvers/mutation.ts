import { changeDrugPrice } from '../commands/change-drug-price.ts'
import type { MutationResolvers } from '../generated/resolvers.ts'

export const mutationResolvers: MutationResolvers = {
  changeDrugPrice: (_source, { input }, { actor, transact }) =>
    transact((em) => changeDrugPrice(em, actor, { ...input, currency: input.currency ?? 'USD' })),
}
