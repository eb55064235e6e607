import type { Context } from '../context.ts'
import type { Order } from '../entities/order.ts'
import type { Transition } from '../generated/resolvers.ts'
import { reason } from '../reasons.ts'

/** The order's steps, oldest first; a cancellation with the words of whoever asked for it. */
export async function historyOf(order: Order, { loaders }: Context): Promise<Transition[]> {
  const rows = await loaders.historyOf.load(order.id)
  const note = order.noteSealed ? await loaders.opened.load({ patientId: order.patientId, sealed: order.noteSealed }) : null
  return rows.map(({ from, to, verb, actorRole, reason: code, at }) => ({
    from, to, verb, actorRole, at, reason: verb === 'cancel' && note ? note : code ? reason(code).message : null,
  }))
}
