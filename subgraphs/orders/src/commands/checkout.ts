import { createHash } from 'node:crypto'
import { invalid, isId, type Actor, type EntityManager } from '@pharmagraph/platform'
import { Cart, CartLine } from '../entities/cart.ts'
import { AddressFact } from '../entities/facts.ts'
import { Order, type Delivery } from '../entities/order.ts'
import { notOrderable } from '../not-orderable.ts'
import { addressProblem } from '../reads/line-problem.ts'
import { customerOf, lockPatient } from '../reads/open-cart.ts'
import { quote } from '../reads/quote.ts'
import { checkPaymentMethodId, mustBeTheirs } from './pay-order.ts'
import { placeOrder } from './place-order.ts'

type Input = { patientId?: string | null | undefined; cartId: string; addressId: string; paymentMethodId?: string | null | undefined; delivery?: Delivery | null | undefined; idempotencyKey: string }

/** Turns the cart into an order at the prices of this moment. The same key returns the same order. */
export async function checkout(em: EntityManager, actor: Actor, input: Input): Promise<Order> {
  const patientId = await customerOf(em, actor, input.patientId)
  if (input.idempotencyKey.length < 1 || input.idempotencyKey.length > 200) throw invalid('idempotencyKey', 'a key has 1 to 200 characters')
  if (/^(auto-refill|follow):/.test(input.idempotencyKey)) throw invalid('idempotencyKey', 'keys that begin with auto-refill: or follow: are ours')
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

  const quoted = await quote(em, patientId, await em.find(CartLine, { cartId: cart.id }, { orderBy: { id: 'asc' } }), address!)
  return placeOrder(em, actor, {
    cart, address: address!, ...quoted, idempotencyKey: input.idempotencyKey, inputHash, delivery: input.delivery ?? 'AS_READY', paymentMethodId: input.paymentMethodId ?? null, offSession: false,
  })
}

const hashOf = ({ cartId, addressId, paymentMethodId, delivery }: Input): string =>
  createHash('sha256').update(JSON.stringify([cartId, addressId, paymentMethodId ?? null, ...(delivery === 'TOGETHER' ? [delivery] : [])])).digest('hex')
