import { allowedActions, apply, begin, clock, invalid, isId, newId, notFound, problem, systemActor, type Actor, type EntityManager } from '@pharmagraph/platform'
import { access } from '../access.ts'
import type { Fulfilment } from '../entities/fulfilment.ts'
import type { Order, OrderLine } from '../entities/order.ts'
import { Refund, type Payment } from '../entities/payment.ts'
import { Return, type ReturnCause } from '../entities/return.ts'
import { orderLifecycle } from '../lifecycles/order.ts'
import { returnLifecycle } from '../lifecycles/return.ts'
import { returnRowFor, returnWindowDays } from '../policies/returns.ts'
import { lineDueMinor } from '../reads/amount-due.ts'
import { scopesFor } from '../reads/delegations.ts'
import { linesOf, lockOrder } from '../reads/locked-order.ts'
import { linesIn, type Parts } from '../reads/parts.ts'
import { refundable } from '../reads/refundable.ts'
import type { Services } from '../services.ts'
import { askProvider } from './ask-provider.ts'

type Asked = { orderId: string; orderLineIds: readonly string[]; cause: ReturnCause; note?: string | null | undefined; idempotencyKey: string }

/** Somebody asks to give goods back. The policy of the cause decides, or leaves it to the staff; the same key is the same return. */
export async function requestReturn(em: EntityManager, actor: Actor, { vault }: Pick<Services, 'vault'>, input: Asked): Promise<Return> {
  const found = isId(input.orderId) ? await lockOrder(em, input.orderId) : undefined
  if (!found) throw notFound('order')
  const { order, payment } = found
  access.must(actor, 'order:return', { patientId: order.patientId, delegated: await scopesFor(em, actor, order.patientId) })
  if (input.note && input.note.length > 500) throw invalid('note', 'a note has at most 500 characters')
  if (input.idempotencyKey.length < 1 || input.idempotencyKey.length > 200) throw invalid('idempotencyKey', 'a key has 1 to 200 characters')
  const key = `asked:${input.idempotencyKey}`
  const earlier = await em.findOne(Return, { orderId: order.id, idempotencyKey: key })
  if (earlier) return earlier

  if (!['DELIVERED', 'CLOSED'].includes(order.status)) throw problem('NotReturnable', 'NOT_DELIVERED', 'Only what was delivered can be given back.')
  if (clock.now().getTime() - order.statusSince.getTime() > returnWindowDays * 86_400_000) throw problem('NotReturnable', 'WINDOW_CLOSED', `A return is asked for within ${returnWindowDays} days of the delivery.`)
  const lines = (await linesOf(em, order)).filter(({ id }) => input.orderLineIds.includes(id))
  if (lines.length === 0 || lines.length !== new Set(input.orderLineIds).size || lines.some(({ status }) => status !== 'RELEASED')) throw invalid('orderLineIds', 'name lines of this order that were delivered')
  const back = (await em.find(Return, { orderId: order.id, status: { $ne: 'DECLINED' } })).flatMap(({ orderLineIds }) => orderLineIds)
  if (lines.some(({ id }) => back.includes(id))) throw invalid('orderLineIds', 'one of these lines is being returned already')

  const rows = lines.map(({ prescriptionId }) => returnRowFor(input.cause, prescriptionId != null, clock.today()))
  const refused = rows.find(({ decision }) => decision === 'DECLINE')
  if (refused) throw problem('NotReturnable', 'NOT_TAKEN_BACK', `A dispensed medicine is not taken back for this reason (${refused.source}).`)
  const goods = open(em, actor, order, payment, lines, input.cause, key)
  if (input.note) goods.noteSealed = await vault.seal(em, order.patientId, input.note)
  if (rows.every(({ decision }) => decision === 'APPROVE')) await approve(em, systemActor('orders'), order, payment, goods)
  return goods
}

/** The staff decides what the policy left to them; they may give back less than asked for. */
export async function decideReturn(em: EntityManager, actor: Actor, input: { returnId: string; approve: boolean; amountMinor?: number | null | undefined }): Promise<Return> {
  const seen = isId(input.returnId) ? await em.findOne(Return, { id: input.returnId }) : null
  const found = seen && (await lockOrder(em, seen.orderId))
  if (!seen || !found) throw notFound('return')
  access.must(actor, 'order:refund', found.order)
  if (!input.approve) {
    apply(em, actor, returnLifecycle, seen, 'decline')
    return seen
  }
  if (input.amountMinor != null) {
    if (input.amountMinor < 0 || input.amountMinor > seen.amountMinor) throw invalid('amountMinor', `from 0 to ${seen.amountMinor} minor units`)
    seen.amountMinor = input.amountMinor
  }
  await approve(em, actor, found.order, found.payment, seen)
  return seen
}

/** A parcel came back: by the policy of its reason the money does, too. */
export async function takeBack(em: EntityManager, actor: Actor, order: Order, payment: Payment, parts: Parts, part: Fulfilment, reasonCode: string | null): Promise<void> {
  const key = `part:${part.number}`
  const lines = linesIn(parts, part)
  if (lines.length === 0 || (await em.count(Return, { orderId: order.id, idempotencyKey: key }))) return
  const cause: ReturnCause = reasonCode === 'STOCK_RECALLED' ? 'RECALLED' : reasonCode === 'REFUSED' ? 'REFUSED' : 'UNDELIVERABLE'
  await approve(em, actor, order, payment, open(em, actor, order, payment, lines, cause, key))
}

function open(em: EntityManager, actor: Actor, order: Order, payment: Payment, lines: readonly OrderLine[], cause: ReturnCause, idempotencyKey: string): Return {
  const today = clock.today()
  const rows = lines.map((line) => ({ line, row: returnRowFor(cause, line.prescriptionId != null, today) }))
  const goods = rows.reduce((sum, { line, row }) => sum + Math.round((lineDueMinor(line) * row.refundPercent) / 100), 0)
  const shipping = rows.every(({ row }) => row.shipping) && goods + order.shippingMinor >= payment.capturedMinor ? order.shippingMinor : 0
  const back = em.create(Return, {
    id: newId(), orderId: order.id, patientId: order.patientId, idempotencyKey, orderLineIds: lines.map(({ id }) => id), cause, status: 'REQUESTED',
    amountMinor: goods + shipping, currency: order.currency, requestedBy: actor.subject,
  })
  begin(em, actor, returnLifecycle, back, 'request')
  return back
}

/** Never more than is left of the capture: some of it may have gone back already, or be with the bank. */
async function approve(em: EntityManager, actor: Actor, order: Order, payment: Payment, goods: Return): Promise<void> {
  apply(em, actor, returnLifecycle, goods, 'approve', { reason: goods.cause })
  const left = await refundable(em, payment)
  goods.amountMinor = Math.min(goods.amountMinor, left)
  if (goods.amountMinor === 0) return void apply(em, systemActor('orders'), returnLifecycle, goods, 'settle')
  const verb = goods.amountMinor === left ? 'refund' : 'refundPart'
  if (allowedActions(orderLifecycle, order, actor).includes(verb)) apply(em, actor, orderLifecycle, order, verb, { reason: goods.cause })
  em.create(Refund, {
    id: newId(), orderId: order.id, idempotencyKey: `return:${goods.id}`, amountMinor: goods.amountMinor, currency: order.currency, status: 'REQUESTED', requestedBy: actor.subject,
  })
  askProvider(em, actor, payment)
}
