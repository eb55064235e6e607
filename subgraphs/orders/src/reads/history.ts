import { isStaff } from '@pharmagraph/platform'
import type { Context } from '../context.ts'
import type { Order } from '../entities/order.ts'
import type { Transition } from '../generated/resolvers.ts'
import { reason } from '../reasons.ts'

/** The order's steps, oldest first. Who cancelled or refunded said why; a refund's words are for the staff. */
export async function historyOf(order: Order, { loaders, actor }: Context): Promise<Transition[]> {
  const rows = await loaders.historyOf.load(order.id)
  const open = (sealed: string | null | undefined) => (sealed ? loaders.opened.load({ patientId: order.patientId, sealed }) : null)
  const refunded = rows.some(({ verb }) => verb === 'refund' || verb === 'refundPart') && isStaff(actor)
  const refunds = refunded ? (await loaders.refundsOf.load(order.id)).filter(({ reasonSealed }) => reasonSealed) : []
  const [cancelNote, ...refundNotes] = await Promise.all([open(order.noteSealed), ...refunds.map(({ reasonSealed }) => open(reasonSealed))])
  const wordsFor = (verb: string): string | null | undefined => (verb === 'cancel' ? cancelNote : verb.startsWith('refund') ? refundNotes.shift() : null)
  return rows.map(({ from, to, verb, actorRole, reason: code, at }) => ({
    from, to, verb, actorRole, at, reason: wordsFor(verb) ?? (code ? reason(code).message : null),
  }))
}
