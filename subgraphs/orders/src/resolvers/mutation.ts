import { refuseCardData } from '../card-data.ts'
import { addToCart } from '../commands/add-to-cart.ts'
import { cancelOrder } from '../commands/cancel-order.ts'
import { checkout } from '../commands/checkout.ts'
import { payOrder } from '../commands/pay-order.ts'
import { refundOrder } from '../commands/refund-order.ts'
import { removeFromCart } from '../commands/remove-from-cart.ts'
import type { Order } from '../entities/order.ts'
import type { Cart } from '../entities/cart.ts'
import type { MutationResolvers } from '../generated/resolvers.ts'

const cartPayload = (cart: Cart) => ({ __typename: 'CartPayload' as const, cart })
const orderPayload = (order: Order) => ({ __typename: 'OrderPayload' as const, order })

const mutations: Required<MutationResolvers> = {
  addToCart: async (_source, { input }, { actor, transact }) => cartPayload(await transact((em) => addToCart(em, actor, input))),
  removeFromCart: async (_source, { input }, { actor, transact }) => cartPayload(await transact((em) => removeFromCart(em, actor, input))),
  checkout: async (_source, { input }, { actor, transact }) => orderPayload(await transact((em) => checkout(em, actor, input))),
  payOrder: async (_source, { input }, { actor, transact }) => orderPayload(await transact((em) => payOrder(em, actor, input))),
  cancelOrder: async (_source, { input }, { actor, transact, services }) => orderPayload(await transact((em) => cancelOrder(em, actor, services, input))),
  refundOrder: async (_source, { input }, { actor, transact, services }) => orderPayload(await transact((em) => refundOrder(em, actor, services, input))),
}

/** Every mutation's input is searched for card numbers before anything reads it. */
export const mutationResolvers = Object.fromEntries(
  Object.entries(mutations).map(([name, resolve]) => [
    name,
    (...args: [unknown, { input: unknown }, unknown, unknown]) => {
      refuseCardData(args[1].input)
      return (resolve as (...args: unknown[]) => unknown)(...args)
    },
  ]),
) as MutationResolvers
