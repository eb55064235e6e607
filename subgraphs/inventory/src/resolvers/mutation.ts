import { adjustInventory } from '../commands/adjust-inventory.ts'
import { changeLotStatus } from '../commands/change-lot-status.ts'
import { receiveStock } from '../commands/receive-stock.ts'
import type { Lot } from '../entities/lot.ts'
import type { MutationResolvers } from '../generated/resolvers.ts'

const payload = (lot: Lot) => ({ __typename: 'LotPayload' as const, lot })

export const mutationResolvers: MutationResolvers = {
  receiveStock: async (_source, { input }, { actor, transact }) => payload((await transact((em) => receiveStock(em, actor, [input])))[0]!),
  adjustInventory: async (_source, { input }, { actor, transact }) => payload(await transact((em) => adjustInventory(em, actor, input))),
  changeLotStatus: async (_source, { input }, { actor, transact }) => payload(await transact((em) => changeLotStatus(em, actor, input))),
}
