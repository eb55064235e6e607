import { createHash } from 'node:crypto'
import { apply, begin, clock, emit, invalid, isId, newId, systemActor, type Actor, type EntityManager } from '@pharmagraph/platform'
import { Cart, CartLine } from '../entities/cart.ts'
import { AddressFact, ConsentFact, DrugFact, PrescriptionFact } from '../entities/facts.ts'
import { Order, OrderLine, type Delivery } from '../entities/order.ts'
import { Payment, PaymentAttempt } from '../entities/payment.ts'
import { orderLifecycle } from '../lifecycles/order.ts'
import { orderLineLifecycle } from '../lifecycles/order-line.ts'
import { notOrderable } from '../not-orderable.ts'
import { newOrderNumber } from '../order-number.ts'
import { lineTax, lineTotal, totalsOf, unitPrice } from '../pricing.ts'
import { addressProblem, lineProblem } from '../reads/line-problem.ts'
import { customerOf, lockPatient } from '../reads/open-cart.ts'
import { checkPaymentMethodId, mustBeTheirs } from './pay-order.ts'
import { planFulfilments } from './plan-fulfilments.ts'
import { requestStock } from './request-stock.ts'

type Input = { patientId?: string | null | undefined; cartId: string; addressId: string; paymentMethodId?: string | null | undefined; delivery?: Delivery | null | undefined; idempotencyKey: string }

/** Turns the cart into an order at the prices of this moment. The same key returns the same order. */
export async function checkout(em: EntityManager, actor: Actor, input: Input): Promise<Order> {
  const patientId = await customerOf(em, actor, input.patientId)
  if (input.idempotencyKey.length < 1 || input.idempotencyKey.length > 200) throw invalid('idempotencyKey', 'a key has 1 to 200 characters')
  checkPaymentMethodId(input.paymentMethodId)

  await mustBeTheirs(em, actor, input.paymentMethodId)

  await lockPatient(em, patientId)
  const inputHash = hashOf(input)
  const earlier = await em.findOne(Order, { patientId, idempotencyKey: input.idempotencyKey })
  if (earlier && earlier.inputHash !== inputHash) throw invalid('idempotencyKey', 'this key was used for another checkout')
  if (earlier) return earlier

  const cart = isId(input.cartId) ? await em.findOne(Cart, { id: input.cartId, patientId }) : null
  if (!cart) throw invalid('cartId', 'no such cart')
  if (cart.status !== 'OPEN') throw notOrderable('CART_CHECKED_OUT')
  const address = isId(input.addressId) ? await em.findOne(AddressFact, { id: input.addressId }) : null
  const obstacle = addressProblem(patientId, address)
  if (obstacle) throw notOrderable(obstacle)

  const order = await freeze(em, cart, address!, { idempotencyKey: input.idempotencyKey, inputHash, delivery: input.delivery ?? 'AS_READY' })
  cart.status = 'CHECKED_OUT'
  const payment = em.create(Payment, {
    id: newId(), orderId: order.id, patientId, status: 'NOT_STARTED', statusSince: clock.now(), amountMinor: order.totalMinor, currency: order.currency,
    authorizedMinor: 0, capturedMinor: 0, refundedMinor: 0, attempts: 1, intentAttempt: 0, doubts: 0,
  })
  em.create(PaymentAttempt, { paymentId: payment.id, number: 1, paymentMethodId: input.paymentMethodId ?? null, offSession: false })
  await start(em, actor, order)
  return order
}

async function freeze(em: EntityManager, cart: Cart, address: AddressFact, identity: Pick<Order, 'idempotencyKey' | 'inputHash' | 'delivery'>): Promise<Order> {
  const { patientId } = cart
  const wanted = await em.find(CartLine, { cartId: cart.id }, { orderBy: { id: 'asc' } })
  if (wanted.length === 0) throw notOrderable('CART_EMPTY')
  if (wanted.some(({ prescriptionId }) => prescriptionId)) await mustConsent(em, patientId)
  const drugs = await factsOf(em, DrugFact, wanted.map(({ drugId }) => drugId))
  const prescriptions = await factsOf(em, PrescriptionFact, wanted.flatMap(({ prescriptionId }) => prescriptionId ?? []))

  const today = clock.today()
  const lines = wanted.map((line) => {
    const drug = drugs.get(line.drugId) ?? null
    const prescription = prescriptions.get(line.prescriptionId ?? '') ?? null
    const problem = lineProblem(patientId, line, { drug, prescription }, today)
    if (problem) throw notOrderable(problem)
    const total = lineTotal(drug!, line.quantity)
    const tax = lineTax(total, line.prescriptionId ? 'PRESCRIPTION' : 'OVER_THE_COUNTER', address.state, today)
    return { line, drug: drug!, prescription, total, tax }
  })
  const { subtotal, tax, shipping, total } = totalsOf(lines, today)
  const order = em.create(Order, {
    id: newId(), number: newOrderNumber(), patientId, cartId: cart.id, addressId: address.id, addressState: address.state, ...identity,
    status: 'CHECKOUT_STARTED', statusSince: clock.now(), paymentStatus: 'NOT_STARTED',
    subtotalMinor: subtotal.amountMinor, taxMinor: tax.amountMinor, shippingMinor: shipping.amountMinor, totalMinor: total.amountMinor, currency: total.currency,
    releasedParts: 0,
  })
  const made = []
  for (const { line, drug, prescription, total: price, tax: lineTaxed } of lines) {
    made.push(em.create(OrderLine, {
      id: newId(), orderId: order.id, drugId: drug.id, prescriptionId: line.prescriptionId ?? null, quantity: line.quantity,
      daysSupply: prescription?.daysSupply ?? null, unitPriceMinor: unitPrice(drug).amountMinor, lineTotalMinor: price.amountMinor,
      taxMinor: lineTaxed.amountMinor, deaSchedule: drug.deaSchedule, storageClass: drug.storageClass, status: 'PENDING',
    }))
  }
  planFulfilments(em, order, made)
  await em.flush()
  return order
}

/** 45 CFR 164.506 allows dispensing without it; the house asks all the same, per purpose (S50). */
async function mustConsent(em: EntityManager, patientId: string): Promise<void> {
  const consent = await em.findOne(ConsentFact, { patientId, purpose: 'DISPENSING' })
  if (!consent?.granted) throw notOrderable('CONSENT_MISSING')
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

async function factsOf<Fact extends { id: string }>(em: EntityManager, entity: new () => Fact, ids: string[]): Promise<Map<string, Fact>> {
  const found = (await em.find(entity, { id: { $in: ids } } as never)) as Fact[]
  return new Map(found.map((fact) => [fact.id, fact]))
}

const hashOf = ({ cartId, addressId, paymentMethodId, delivery }: Input): string =>
  createHash('sha256').update(JSON.stringify([cartId, addressId, paymentMethodId ?? null, ...(delivery === 'TOGETHER' ? [delivery] : [])])).digest('hex')
