import { money, newId, sum, type Actor, type EntityManager } from '@pharmagraph/platform'
import { Cart, CartLine } from '../entities/cart.ts'
import { AddressFact, DrugFact, PrescriptionFact } from '../entities/facts.ts'
import { Order, OrderLine } from '../entities/order.ts'
import { PaymentAttempt, Payment } from '../entities/payment.ts'
import { SavedMethod } from '../entities/payment-method.ts'
import { isAhead } from '../lifecycles/fulfilment.ts'
import { lockPatient } from '../reads/open-cart.ts'
import { linesIn, partsOf } from '../reads/parts.ts'
import { leaveOut } from './leave-out.ts'
import { placeOrder } from './place-order.ts'

const lost = 'AUTHORIZATION_LOST'
const later = 'FOLLOWS_LATER'

/**
 * The hold on the card ends while parts are still ahead. What was out of stock all the time follows as an order of its own, at
 * the same prices and without shipping: its card is asked for the amount once the goods are there. The rest is left out.
 */
export async function leaveOutTheRest(em: EntityManager, actor: Actor, order: Order, payment: Payment): Promise<void> {
  const parts = await partsOf(em, order)
  const ahead = parts.fulfilments.filter(({ status }) => isAhead(status))
  const waiting = ahead.filter(({ status }) => status === 'BACKORDERED').flatMap((part) => linesIn(parts, part))
  const rest = ahead.flatMap((part) => linesIn(parts, part)).filter((line) => !waiting.includes(line))
  await leaveOut(em, actor, order, payment, rest, { code: lost }, { verb: 'expire', code: lost })
  await leaveOut(em, actor, order, payment, waiting, { code: later }, { verb: 'expire', code: lost })
  // those with a prescription follow once their fill is undone: two of one prescription would stand in each other's way
  const overTheCounter = waiting.filter(({ prescriptionId }) => !prescriptionId)
  if (overTheCounter.length > 0) await placeFollowing(em, actor, order, overTheCounter)
}

/** The fill of a line that is to follow is undone: now it may. */
export async function followFill(em: EntityManager, actor: Actor, { orderId, orderLineId }: { orderId: string; orderLineId: string }): Promise<void> {
  const line = await em.findOne(OrderLine, { id: orderLineId, orderId, reasonCode: later })
  if (line) await placeFollowing(em, actor, await em.findOneOrFail(Order, { id: orderId }), [line])
}

async function placeFollowing(em: EntityManager, actor: Actor, order: Order, lines: readonly OrderLine[]): Promise<void> {
  await lockPatient(em, order.patientId)
  const idempotencyKey = `follow:${lines[0]!.id}`
  if (await em.count(Order, { patientId: order.patientId, idempotencyKey })) return
  const cart = em.create(Cart, { id: newId(), patientId: order.patientId, status: 'CHECKED_OUT' })
  const quoted = await Promise.all(lines.map(async ({ drugId, prescriptionId, quantity, lineTotalMinor, taxMinor, unitPriceMinor }) => ({
    line: em.create(CartLine, { id: newId(), cartId: cart.id, drugId, prescriptionId: prescriptionId ?? null, quantity, packages: null }),
    drug: await em.findOneOrFail(DrugFact, { id: drugId }), prescription: prescriptionId ? await em.findOne(PrescriptionFact, { id: prescriptionId }) : null,
    total: money(lineTotalMinor, order.currency), tax: money(taxMinor, order.currency), unitPriceMinor,
  })))
  await em.flush()
  const [subtotal, tax] = [sum(quoted.map(({ total }) => total)), sum(quoted.map((line) => line.tax))]
  const paymentMethodId = await methodOf(em, order)
  await placeOrder(em, actor, {
    cart, address: await em.findOneOrFail(AddressFact, { id: order.addressId }), lines: quoted, totals: { subtotal, tax, shipping: money(0, order.currency), total: sum([subtotal, tax]) },
    idempotencyKey, inputHash: order.inputHash, delivery: order.delivery, followsOrderId: order.id, paymentMethodId, offSession: paymentMethodId !== null,
    // its time to wait for goods has been running
    createdAt: order.createdAt,
  })
}

/** The method the order was paid with, where it is saved for use without its owner; else the patient is asked when the goods are there. */
async function methodOf(em: EntityManager, order: Order): Promise<string | null> {
  const payment = await em.findOneOrFail(Payment, { orderId: order.id })
  const attempt = await em.findOne(PaymentAttempt, { paymentId: payment.id, number: payment.intentAttempt })
  const saved = attempt?.paymentMethodId ? await em.findOne(SavedMethod, { id: attempt.paymentMethodId, removedAt: null }) : null
  return saved?.id ?? null
}
