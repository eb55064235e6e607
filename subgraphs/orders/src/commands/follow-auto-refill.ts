/** An automatic refill follows its order, and the wish it stands for. */
import { emit, type Actor, type EntityManager, type EventMap } from '@pharmagraph/platform'
import type { AutoRefill } from '../entities/auto-refill.ts'
import { autoRefillLifecycle } from '../lifecycles/auto-refill.ts'
import { permits } from '../lifecycles/order.ts'
import { isUnpaid } from '../lifecycles/payment.ts'
import { lockOrder } from '../reads/locked-order.ts'
import { lockRefill, move, withdrawAutoRefills } from './auto-refill.ts'
import { endOrder } from './end-order.ts'

type OrderMoved = EventMap['orders.order-status-changed.v1']

const asked: readonly (string | null)[] = ['PATIENT_ASKED', 'CAREGIVER_ASKED']
/** What a status of the order means for the refill. */
const verbOf = ({ to, reasonCode }: OrderMoved): string | undefined => {
  if (to === 'PAYMENT_AUTHORIZED') return 'pay'
  if (to === 'PAYMENT_CAPTURED') return 'complete'
  if (to === 'CANCELLED') return asked.includes(reasonCode) ? 'drop' : 'lose'
  return to === 'REJECTED' || to === 'EXPIRED' ? 'lose' : undefined
}

/** The order moved: paid for, it is done; come to nothing by itself, the patient is asked, and the wish stays. */
export async function followOrderOfRefill(em: EntityManager, actor: Actor, moved: OrderMoved): Promise<void> {
  const verb = verbOf(moved)
  const refill = verb && (await refillOf(em, moved.orderId))
  if (refill && may(refill, verb)) move(em, actor, refill, verb, verb === 'lose' || verb === 'drop' ? moved.reasonCode : null)
}

/** The card was declined, or its bank wants to see the patient: they are told, and the order waits (policies/timeouts.ts). */
export async function followPaymentOfRefill(em: EntityManager, actor: Actor, { orderId, to }: EventMap['orders.payment-status-changed.v1']): Promise<void> {
  if (!['REQUIRES_METHOD', 'REQUIRES_ACTION', 'FAILED'].includes(to)) return
  const refill = await refillOf(em, orderId)
  if (!refill || !may(refill, 'askForPayment')) return
  const found = await lockOrder(em, orderId)
  // the event may be old: by now the patient may have paid another way
  if (found?.order.status === 'STOCK_HELD' && isUnpaid(found.payment.status)) move(em, actor, refill, 'askForPayment', to === 'REQUIRES_ACTION' ? 'PAYMENT_CONFIRMATION' : 'PAYMENT_DECLINED')
}

/** An order that carries another on was placed without the patient: where it cannot be charged, they are told. */
export async function askForPayment(em: EntityManager, actor: Actor, { orderId, from, to }: EventMap['orders.payment-status-changed.v1']): Promise<void> {
  if (from !== 'NOT_STARTED' || !['REQUIRES_METHOD', 'REQUIRES_ACTION', 'FAILED'].includes(to)) return
  const found = await lockOrder(em, orderId)
  if (!found?.order.followsOrderId || found.order.status !== 'STOCK_HELD' || !isUnpaid(found.payment.status)) return
  emit(em, actor, 'orders.payment-needed.v1', orderId, { orderId, patientId: found.order.patientId, reasonCode: found.payment.failureCode ? 'PAYMENT_DECLINED' : 'PAYMENT_NEEDED' })
}

/** The wish was taken back, or ordered by the patient themselves: what waits is withdrawn, and an order that crossed with it is called off. */
export async function followRefillRequest(em: EntityManager, actor: Actor, { refillRequestId, to, reasonCode, orderId }: EventMap['prescriptions.refill-request-changed.v1']): Promise<void> {
  if (to === 'ORDERED') {
    const refill = await lockRefill(em, refillRequestId)
    if (refill && refill.orderId !== orderId && may(refill, 'withdraw')) move(em, actor, refill, 'withdraw', 'ORDERED_OTHERWISE')
    return
  }
  if (to !== 'CANCELLED' && to !== 'DECLINED') return
  const refill = await lockRefill(em, refillRequestId)
  if (!refill) return
  if (may(refill, 'withdraw')) return move(em, actor, refill, 'withdraw', reasonCode)
  const found = refill.orderId && may(refill, 'drop') ? await lockOrder(em, refill.orderId) : undefined
  if (found && permits(found.order, 'reject')) await endOrder(em, actor, found.order, 'reject', 'REFILL_CANCELLED')
}

/** Nothing is refilled any more of a prescription that has ended. A hold or an empty one may come back: that is looked at on the day. */
export async function followPrescription(em: EntityManager, actor: Actor, { prescriptionId, to }: EventMap['prescriptions.prescription-status-changed.v1']): Promise<void> {
  if (ended.has(to)) await withdrawAutoRefills(em, actor, { prescriptionId }, to === 'EXPIRED' ? 'PRESCRIPTION_EXPIRED' : 'PRESCRIPTION_ENDED')
}
const ended: ReadonlySet<string> = new Set(['EXPIRED', 'DISCONTINUED', 'TRANSFERRED_OUT', 'REJECTED', 'CANCELLED', 'DUPLICATE'])

const may = (refill: AutoRefill, verb: string): boolean => verb in autoRefillLifecycle.table[refill.status]

async function refillOf(em: EntityManager, orderId: string): Promise<AutoRefill | null> {
  const [row] = await em.execute<{ id: string }[]>('select id from auto_refill where order_id = ?', [orderId])
  return row ? lockRefill(em, row.id) : null
}
