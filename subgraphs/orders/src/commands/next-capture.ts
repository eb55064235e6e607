import { apply, type Actor, type EntityManager } from '@pharmagraph/platform'
import type { Order } from '../entities/order.ts'
import { Capture, type Payment } from '../entities/payment.ts'
import { isAhead } from '../lifecycles/fulfilment.ts'
import { paymentLifecycle } from '../lifecycles/payment.ts'
import { lineDueMinor } from '../reads/amount-due.ts'
import { linesIn, partsOf } from '../reads/parts.ts'

/**
 * The capture to make now, if any. Parts are captured as they are released; the last one lets the rest of the hold go. Where
 * the card allows one capture only, released parts wait for the others (jobs/expire-orders.ts says how long).
 * 'LOOK' where the provider must first say what the card allows.
 */
export async function nextCapture(em: EntityManager, actor: Actor, order: Order, payment: Payment): Promise<Capture | 'LOOK' | undefined> {
  const captures = await em.find(Capture, { paymentId: payment.id }, { orderBy: { number: 'asc' } })
  const begun = captures.find(({ intentId, final, upToMinor }) => intentId === payment.intentId && (final || payment.capturedMinor < upToMinor))
  if (begun) return begin(em, actor, order, payment, begun)

  const parts = await partsOf(em, order)
  const ready = parts.fulfilments.filter(({ status, captureNumber }) => status === 'RELEASED' && captureNumber == null)
  const final = !parts.fulfilments.some(({ status }) => isAhead(status))
  if (ready.length === 0 && !(final && payment.capturedMinor > 0)) return undefined
  if (!final && payment.multicapture == null) return 'LOOK'
  if (!final && !payment.multicapture) return undefined

  const goods = ready.flatMap((part) => linesIn(parts, part)).reduce((sum, line) => sum + lineDueMinor(line), 0)
  const amountMinor = goods + (payment.capturedMinor === 0 ? order.shippingMinor : 0)
  const capture = em.create(Capture, {
    paymentId: payment.id, number: (captures.at(-1)?.number ?? 0) + 1, intentId: payment.intentId!, amountMinor, upToMinor: payment.capturedMinor + amountMinor, final,
  })
  for (const part of ready) part.captureNumber = capture.number
  return begin(em, actor, order, payment, capture)
}

function begin(em: EntityManager, actor: Actor, order: Order, payment: Payment, capture: Capture): Capture {
  if (payment.status === 'AUTHORIZED') {
    apply(em, actor, paymentLifecycle, payment, 'startCapture')
    order.paymentStatus = payment.status
  }
  return capture
}
