import type { Fulfilment } from '../entities/fulfilment.ts'
import type { Order, OrderLine } from '../entities/order.ts'
import { nextStepOf, ruleOf, type NextStep } from '../policies/line-rules.ts'
import { reason, type ReasonCode } from '../reasons.ts'

/** What a line waits for or why it is left out: the sentence, the rule behind it, and what comes next, by when. */
export type LineWhy = { code: string; message: string; rule: string; nextStep: NextStep; nextAt: string | null }

/** Where nothing more special was noted, a line's status says it, and once released its part's. */
const ofLine: Record<OrderLine['status'], ReasonCode> = {
  PENDING: 'PRESCRIPTION_CHECK', ACCEPTED: 'SETTING_ASIDE', BACKORDERED: 'INSUFFICIENT_STOCK', BLOCKED: 'LINE_BLOCKED', HELD: 'SET_ASIDE', RELEASED: 'READY', RETURNED_TO_STOCK: 'RETURNED_TO_STOCK', CANCELLED: 'STAFF_DECIDED',
}
const ofPart: Partial<Record<Fulfilment['status'], ReasonCode>> = {
  RELEASED: 'PAYMENT_UNDER_WAY', PAID: 'PACKING', SHIPPED: 'ON_THE_WAY', DELIVERED: 'DELIVERED', RETURNED: 'PARCEL_RETURNED', DELIVERY_EXCEPTION: 'DELIVERY_PROBLEM',
}

export function lineWhy(order: Order, line: OrderLine, part: Fulfilment | undefined): LineWhy {
  const code = line.reasonCode ?? codeOf(order, line, part)
  return { ...reason(code, line.reasonMessage ?? undefined), rule: ruleOf(code), nextStep: nextStepOf(code), nextAt: line.nextOn ?? null }
}

function codeOf(order: Order, line: OrderLine, part: Fulfilment | undefined): string {
  if (line.status === 'RELEASED' && part) return part.reasonCode ?? ofPart[part.status] ?? ofLine.RELEASED
  if (line.status !== 'HELD') return ofLine[line.status]
  if (order.status === 'STOCK_HELD') return 'WAITING_FOR_PAYMENT'
  return line.prescriptionId ? 'BEING_FILLED' : 'SET_ASIDE'
}
