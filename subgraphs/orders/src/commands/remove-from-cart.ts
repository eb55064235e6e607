import { clock, invalid, isId, type Actor, type EntityManager } from '@pharmagraph/platform'
import { access } from '../access.ts'
import { CartLine, type Cart } from '../entities/cart.ts'
import { lockPatient, openCart } from '../reads/open-cart.ts'

/** Takes one line out of the patient's open cart. */
export async function removeFromCart(em: EntityManager, actor: Actor, { lineId }: { lineId: string }): Promise<Cart> {
  access.must(actor, 'cart:edit', { patientId: actor.patientId })
  await lockPatient(em, actor.patientId!)
  const cart = await openCart(em, actor)
  const line = cart && isId(lineId) ? await em.findOne(CartLine, { id: lineId, cartId: cart.id }) : null
  if (!cart || !line) throw invalid('lineId', 'no such line in your cart')
  em.remove(line)
  cart.updatedAt = clock.now()
  return cart
}
