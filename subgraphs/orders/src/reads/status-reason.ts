import type { Context } from '../context.ts'
import type { Order, OrderStatus } from '../entities/order.ts'
import type { PaymentStatus } from '../entities/payment-status.ts'
import { reason, type Reason, type ReasonCode } from '../reasons.ts'

/** What a status waits for, where nothing more special was noted. */
const waiting: Partial<Record<OrderStatus, ReasonCode>> = {
  CHECKOUT_STARTED: 'PRESCRIPTION_CHECK', RX_CHECKED: 'SETTING_ASIDE', PAYMENT_AUTHORIZED: 'PHARMACIST_AT_WORK', AWAITING_PHARMACIST: 'PHARMACIST_AT_WORK',
  RELEASED: 'PAYMENT_UNDER_WAY', PAYMENT_CAPTURED: 'PACKING', SHIPPED: 'ON_THE_WAY', REFUND_PENDING: 'REFUND_UNDER_WAY',
}
const waitingForPayment: Partial<Record<PaymentStatus, ReasonCode>> = {
  NOT_STARTED: 'PAYMENT_STARTING', REQUIRES_ACTION: 'PAYMENT_CONFIRMATION', FAILED: 'PAYMENT_DECLINED',
}

/** Why the order waits or ended, in a sentence for the patient. */
export async function statusReason(order: Order, { loaders }: Context): Promise<Reason | null> {
  if (order.reasonCode === 'INSUFFICIENT_STOCK' || order.reasonCode === 'PART_OUT_OF_STOCK') {
    const drugs = await Promise.all((order.reasonDrugIds ?? []).map((id) => loaders.drugFact.load(id)))
    const names = drugs.map((drug) => drug?.name ?? 'one of the medicines').join(', ')
    const goesOn = order.reasonCode === 'PART_OUT_OF_STOCK' ? 'The rest of the order goes ahead.' : 'The order goes on when it comes in.'
    return { code: order.reasonCode, message: `Out of stock for now: ${names}. ${goesOn}` }
  }
  if (order.reasonCode) return reason(order.reasonCode)
  if (order.status === 'STOCK_HELD') return paymentReason(order, (await loaders.paymentOf.load(order.id))[0]?.failureCode ?? null)
  const code = waiting[order.status]
  return code ? reason(code) : null
}

const paymentReason = ({ paymentStatus }: Order, failureCode: string | null): Reason =>
  reason(failureCode && paymentStatus === 'REQUIRES_METHOD' ? 'PAYMENT_DECLINED' : (waitingForPayment[paymentStatus] ?? 'PAYMENT_NEEDED'))
