import { clock, invalid, isId, type Actor, type EntityManager } from '@pharmagraph/platform'
import { CartLine, type Cart } from '../entities/cart.ts'
import { customerOf, lockPatient, openCart } from '../reads/open-cart.ts'

/** Takes one line out of the patient's open cart. */
export async function removeFromCart(em: EntityManager, actor: Actor, { patientId: named, lineId }: { patientId?: string | null | undefined; lineId: string }): Promise<Cart> {
  const patientId = await customerOf(em, actor, named)
  await lockPatient(em, patientId)
  const cart = await openCart(em, patientId)
  const line = cart && isId(lineId) ? await em.findOne(CartLine, { id: lineId, cartId: cart.id }) : null
  if (!cart || !line) throw invalid('lineId', 'no such line in your cart')
  em.remove(line)
  cart.updatedAt = clock.now()
  return cart
}
