import { allowedActions, hasRole, isId, money } from '@pharmagraph/platform'
import { access } from '../access.ts'
import type { FulfilmentResolvers, OrderLineResolvers, OrderResolvers } from '../generated/resolvers.ts'
import { orderLifecycle } from '../lifecycles/order.ts'
import { amountDueMinor, lineDueMinor } from '../reads/amount-due.ts'
import { lineWhy } from '../reads/line-why.ts'
import { reason } from '../reasons.ts'
import { statusReason } from '../reads/status-reason.ts'
import { historyOf } from '../reads/history.ts'

export const orderResolvers: OrderResolvers = {
  __resolveReference: ({ id }, { loaders }) => (isId(id) ? loaders.order.load(id) : null),
  patient: ({ patientId }) => ({ id: patientId }),
  lines: ({ id }, _args, { loaders }) => loaders.linesOf.load(id),
  returns: ({ id }, _args, { loaders }) => loaders.returnsOf.load(id),
  fulfilments: ({ id }, _args, { loaders }) => loaders.fulfilmentsOf.load(id),
  subtotal: ({ subtotalMinor, currency }) => money(subtotalMinor, currency),
  tax: ({ taxMinor, currency }) => money(taxMinor, currency),
  shipping: ({ shippingMinor, currency }) => money(shippingMinor, currency),
  totalAmount: ({ totalMinor, currency }) => money(totalMinor, currency),
  amountDue: async (order, _args, { loaders }) => money(amountDueMinor(order, await loaders.linesOf.load(order.id)), order.currency),
  statusReason: (order, _args, context) => statusReason(order, context),
  payment: async ({ id }, _args, { loaders }) => (await loaders.paymentOf.load(id))[0]!,
  shippingAddress: ({ addressId }) => ({ id: addressId }),
  autoRefill: ({ autoRefillId }, _args, { loaders }) => (autoRefillId ? loaders.autoRefill.load(autoRefillId) : null),
  follows: ({ followsOrderId }, _args, { loaders }) => (followsOrderId ? loaders.order.load(followsOrderId) : null),
  followedBy: ({ id }, _args, { loaders }) => loaders.followersOf.load(id),
  history: (order, _args, context) => historyOf(order, context),
  allowedActions: async (order, _args, { actor, loaders }) => {
    const mayOrder = access.can(actor, 'order:cancel', { patientId: order.patientId, delegated: await loaders.scopesFor.load(order.patientId) })
    return hasRole(actor, 'caregiver') && !mayOrder ? [] : allowedActions(orderLifecycle, order, actor)
  },
}

export const orderLineResolvers: OrderLineResolvers = {
  drug: ({ drugId }) => ({ id: drugId }),
  prescription: ({ prescriptionId }) => (prescriptionId ? { id: prescriptionId } : null),
  unitPrice: ({ unitPriceMinor }) => money(unitPriceMinor),
  lineTotal: ({ lineTotalMinor }) => money(lineTotalMinor),
  statusReason: ({ reasonCode, reasonMessage }) => (reasonCode ? reason(reasonCode, reasonMessage ?? undefined) : null),
  amountDue: (line) => money(lineDueMinor(line)),
  why: async (line, _args, { loaders }) => {
    const [order, fulfilments] = await Promise.all([loaders.order.load(line.orderId), loaders.fulfilmentsOf.load(line.orderId)])
    return order && lineWhy(order, line, fulfilments.find(({ id }) => id === line.fulfilmentId))
  },
}

export const fulfilmentResolvers: FulfilmentResolvers = {
  __resolveReference: ({ id }, { loaders }) => (isId(id) ? loaders.fulfilment.load(id) : null),
  statusReason: ({ reasonCode }) => (reasonCode ? reason(reasonCode) : null),
  lines: async ({ id, orderId }, _args, { loaders }) => (await loaders.linesOf.load(orderId)).filter(({ fulfilmentId }) => fulfilmentId === id),
  amountDue: async ({ id, orderId }, _args, { loaders }) =>
    money((await loaders.linesOf.load(orderId)).filter(({ fulfilmentId }) => fulfilmentId === id).reduce((sum, line) => sum + lineDueMinor(line), 0)),
}
