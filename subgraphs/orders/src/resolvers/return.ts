import { allowedActions, isStaff, money } from '@pharmagraph/platform'
import type { ReturnResolvers } from '../generated/resolvers.ts'
import { returnLifecycle } from '../lifecycles/return.ts'

export const returnResolvers: ReturnResolvers = {
  order: ({ orderId }, _args, { loaders }) => loaders.order.load(orderId),
  lines: async ({ orderId, orderLineIds }, _args, { loaders }) => (await loaders.linesOf.load(orderId)).filter(({ id }) => orderLineIds.includes(id)),
  amount: ({ amountMinor, currency }) => money(amountMinor, currency),
  note: ({ noteSealed, patientId }, _args, { loaders, actor }) => (noteSealed && (isStaff(actor) || actor.patientId === patientId) ? loaders.opened.load({ patientId, sealed: noteSealed }) : null),
  allowedActions: (goods, _args, { actor }) => allowedActions(returnLifecycle, goods, actor),
}
