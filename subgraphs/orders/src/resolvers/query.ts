import { isId, page } from '@pharmagraph/platform'
import { access } from '../access.ts'
import { AutoRefill, openAutoRefills } from '../entities/auto-refill.ts'
import { SavedMethod } from '../entities/payment-method.ts'
import { Return } from '../entities/return.ts'
import { Order } from '../entities/order.ts'
import type { QueryResolvers } from '../generated/resolvers.ts'
import { stuckOrders } from '../reads/stuck-orders.ts'
import { abandonedCarts, fillTimes, salesReport } from '../reports/sales.ts'
import { openCart } from '../reads/open-cart.ts'

export const queryResolvers: QueryResolvers = {
  cart: async (_source, { patientId }, { em, actor, loaders }) => {
    const whose = patientId ?? actor.patientId
    return isId(whose) && ([] as string[]).concat(await loaders.patients('ORDER')).includes(whose) ? openCart(em, whose) : null
  },
  autoRefills: async (_source, { patientId }, { em, actor, loaders }) => {
    const whose = patientId ?? actor.patientId
    const theirs = await loaders.patients()
    if (!isId(whose) || !(theirs === 'ALL' || theirs.includes(whose))) return []
    return em.find(AutoRefill, { patientId: whose, status: { $in: [...openAutoRefills] } }, { orderBy: { orderOn: 'asc', id: 'asc' }, limit: 100 })
  },
  paymentMethods: (_source, _args, { em, actor }) => (actor.patientId ? em.find(SavedMethod, { patientId: actor.patientId, removedAt: null }, { orderBy: { addedAt: 'asc' } }) : []),
  stuckOrders: (_source, { first }, { em, actor }) => {
    access.must(actor, 'orders:stuck', undefined)
    return stuckOrders(em, Math.min(first ?? 50, 200))
  },
  openReturns: (_source, _args, { em, actor }) => {
    access.must(actor, 'orders:stuck', undefined)
    return em.find(Return, { status: 'REQUESTED' }, { orderBy: { createdAt: 'asc' }, limit: 200 })
  },
  salesReport: (_source, days, { em, actor }) => salesReport(em, actor, days),
  fillTimesReport: (_source, days, { em, actor }) => fillTimes(em, actor, days),
  abandonedCartsReport: (_source, { idleHours }, { em, actor }) => abandonedCarts(em, actor, idleHours ?? 24),
  order: (_source, { id }, { loaders }) => (isId(id) ? loaders.order.load(id) : null),
  orders: (_source, { status, first, after }, { em, actor }) => {
    access.must(actor, 'orders:list', undefined)
    return page(em, Order, status ? { status } : {}, { first: first ?? 20, after })
  },
}
