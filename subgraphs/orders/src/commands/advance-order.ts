import { apply, type Actor, type EntityManager } from '@pharmagraph/platform'
import type { Order } from '../entities/order.ts'
import { isAhead, rankOf } from '../lifecycles/fulfilment.ts'
import { isFilling, orderLifecycle, permits } from '../lifecycles/order.ts'
import type { Parts } from '../reads/parts.ts'

/** The step of the order that is taken once every part has come so far. */
const steps = [
  { verb: 'release', rank: rankOf.RELEASED },
  { verb: 'capturePayment', rank: rankOf.PAID },
  { verb: 'ship', rank: rankOf.SHIPPED },
  { verb: 'deliver', rank: rankOf.DELIVERED },
]

/** Brings the order to where its least-advanced part is; trouble of one part is the order's once all are on their way. */
export function advanceOrder(em: EntityManager, actor: Actor, order: Order, parts: Parts): void {
  const open = parts.fulfilments.filter(({ status }) => status !== 'CANCELLED')
  if (open.length === 0) return
  const least = Math.min(...open.map(({ status }) => rankOf[status as keyof typeof rankOf]))
  const troubled = open.find(({ status }) => status === 'DELIVERY_EXCEPTION')
  const isMoving = open.some(({ status }) => status === 'SHIPPED' || status === 'DELIVERED')
  const allCameBack = open.every(({ status }) => status === 'RETURNED')
  for (const { verb, rank } of steps) {
    if (least < rank || !permits(order, verb)) continue
    if (verb === 'ship' && (!isMoving || (order.status === 'DELIVERY_EXCEPTION' && (troubled || least > rank)))) continue
    if (verb === 'deliver' && allCameBack) continue
    apply(em, actor, orderLifecycle, order, verb)
  }
  if (troubled && least >= rankOf.PAID && permits(order, 'reportException')) apply(em, actor, orderLifecycle, order, 'reportException', why(troubled.reasonCode))
  if (allCameBack && permits(order, 'returnParcel')) apply(em, actor, orderLifecycle, order, 'returnParcel', { reason: 'PARCEL_RETURNED' })
  explainOrder(order, parts)
}

const why = (reason: string | null | undefined) => (reason ? { reason } : {})

/** Says in the order's name what a part has to say. */
export function explainOrder(order: Order, { lines, fulfilments }: Parts): void {
  const underWay = ['PAYMENT_CAPTURED', 'SHIPPED', 'DELIVERED', 'DELIVERY_EXCEPTION', 'RETURNED'].includes(order.status)
  if (!underWay && !isFilling(order.status)) return
  const troubled = fulfilments.find(({ status }) => status === 'DELIVERY_EXCEPTION') ?? fulfilments.find(({ status }) => status === 'RETURNED')
  const waiting = fulfilments.filter(({ status }) => status === 'BACKORDERED').map(({ id }) => id)
  const drugs = lines.filter(({ fulfilmentId, reasonCode }) => fulfilmentId && waiting.includes(fulfilmentId) && reasonCode === 'INSUFFICIENT_STOCK').map(({ drugId }) => drugId)
  Object.assign(order, {
    reasonCode: troubled?.reasonCode ?? (drugs.length > 0 && fulfilments.some(({ status }) => isAhead(status)) ? 'PART_OUT_OF_STOCK' : null),
    reasonDrugIds: drugs.length > 0 ? [...new Set(drugs)] : null,
  })
}
