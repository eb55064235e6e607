import { apply, begin, clock, emit, newId, systemActor, type Actor, type EntityManager } from '@pharmagraph/platform'
import type { Cart, CartLine } from '../entities/cart.ts'
import type { AddressFact } from '../entities/facts.ts'
import { Order, OrderLine } from '../entities/order.ts'
import { Payment, PaymentAttempt } from '../entities/payment.ts'
import { orderLifecycle } from '../lifecycles/order.ts'
import { orderLineLifecycle } from '../lifecycles/order-line.ts'
import { newOrderNumber } from '../order-number.ts'
import { unitPrice, type Totals } from '../pricing.ts'
import type { QuotedLine } from '../reads/quote.ts'
import { planFulfilments } from './plan-fulfilments.ts'
import { requestStock } from './request-stock.ts'

export type Placing = Pick<Order, 'idempotencyKey' | 'inputHash' | 'delivery'> & Partial<Pick<Order, 'autoRefillId' | 'unattended' | 'followsOrderId' | 'createdAt'>> & {
  cart: Cart
  address: AddressFact
  lines: readonly QuotedLine<CartLine>[]
  totals: Totals
  paymentMethodId: string | null
  /** The patient is not there to confirm: a saved method is charged without them. */
  offSession: boolean
}

/** Turns a quoted cart into an order at these prices, with its first attempt to pay; the caller holds the patient's lock. */
export async function placeOrder(em: EntityManager, actor: Actor, { cart, address, lines, totals, paymentMethodId, offSession, ...identity }: Placing): Promise<Order> {
  const { patientId } = cart
  const { subtotal, tax, shipping, total } = totals
  const order = em.create(Order, {
    unattended: false, ...identity,
    id: newId(), number: newOrderNumber(), patientId, cartId: cart.id, addressId: address.id, addressState: address.state,
    status: 'CHECKOUT_STARTED', statusSince: clock.now(), paymentStatus: 'NOT_STARTED',
    subtotalMinor: subtotal.amountMinor, taxMinor: tax.amountMinor, shippingMinor: shipping.amountMinor, totalMinor: total.amountMinor, currency: total.currency,
    releasedParts: 0,
  })
  const made = []
  for (const { line, drug, prescription, total: price, tax: lineTaxed, unitPriceMinor = unitPrice(drug).amountMinor } of lines) {
    made.push(em.create(OrderLine, {
      id: newId(), orderId: order.id, drugId: drug.id, prescriptionId: line.prescriptionId ?? null, quantity: line.quantity,
      daysSupply: prescription?.daysSupply ?? null, unitPriceMinor, lineTotalMinor: price.amountMinor,
      taxMinor: lineTaxed.amountMinor, deaSchedule: drug.deaSchedule, storageClass: drug.storageClass, status: 'PENDING',
    }))
  }
  planFulfilments(em, order, made)
  await em.flush()
  cart.status = 'CHECKED_OUT'
  const payment = em.create(Payment, {
    id: newId(), orderId: order.id, patientId, status: 'NOT_STARTED', statusSince: clock.now(), amountMinor: order.totalMinor, currency: order.currency,
    authorizedMinor: 0, capturedMinor: 0, refundedMinor: 0, attempts: 1, intentAttempt: 0, doubts: 0,
  })
  em.create(PaymentAttempt, { paymentId: payment.id, number: 1, paymentMethodId, offSession })
  await start(em, actor, order)
  return order
}

/** The order is placed; with nothing but over-the-counter lines its prescriptions are as good as checked. */
async function start(em: EntityManager, actor: Actor, order: Order): Promise<void> {
  const lines = await em.find(OrderLine, { orderId: order.id }, { orderBy: { id: 'asc' } })
  begin(em, actor, orderLifecycle, order, 'checkout')
  tellPlaced(em, actor, order, lines)
  const saga = systemActor('orders')
  for (const line of lines) if (!line.prescriptionId) apply(em, saga, orderLineLifecycle, line, 'accept')
  if (lines.every(({ status }) => status === 'ACCEPTED')) {
    apply(em, saga, orderLifecycle, order, 'acceptPrescriptions')
    requestStock(em, saga, order, lines)
  }
}

export function tellPlaced(em: EntityManager, actor: Actor, order: Order, lines: readonly OrderLine[]): void {
  emit(em, actor, 'orders.order-placed.v1', order.id, {
    orderId: order.id, patientId: order.patientId, addressId: order.addressId, totalMinor: order.totalMinor, currency: order.currency,
    lines: lines.map(({ id, drugId, prescriptionId, quantity }) => ({ orderLineId: id, drugId, prescriptionId: prescriptionId ?? null, quantity })),
  })
}
