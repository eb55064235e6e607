import { isId, page } from '@pharmagraph/platform'
import { access } from '../access.ts'
import { Order } from '../entities/order.ts'
import type { QueryResolvers } from '../generated/resolvers.ts'
import { openCart } from '../reads/open-cart.ts'

export const queryResolvers: QueryResolvers = {
  cart: (_source, _args, { em, actor }) => openCart(em, actor),
  order: (_source, { id }, { loaders }) => (isId(id) ? loaders.order.load(id) : null),
  orders: (_source, { status, first, after }, { em, actor }) => {
    access.must(actor, 'orders:list', undefined)
    return page(em, Order, status ? { status } : {}, { first: first ?? 20, after })
  },
}
