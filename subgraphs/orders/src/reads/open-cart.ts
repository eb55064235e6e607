import { invalid, isId, type Actor, type EntityManager } from '@pharmagraph/platform'
import { access } from '../access.ts'
import { Cart } from '../entities/cart.ts'
import { scopesFor } from './delegations.ts'

export const openCart = (em: EntityManager, patientId: string): Promise<Cart | null> => em.findOne(Cart, { patientId, status: 'OPEN' })

/** Whose cart is meant: one's own, or that of the patient named, who lets the actor order for them. */
export async function customerOf(em: EntityManager, actor: Actor, patientId: string | null | undefined): Promise<string> {
  if (patientId != null && !isId(patientId)) throw invalid('patientId', 'this is no id of a patient')
  const id = patientId ?? actor.patientId
  access.must(actor, 'cart:edit', { patientId: id, delegated: await scopesFor(em, actor, id) })
  return id!
}

/** Carts and checkouts of one patient come one after another: what they check of each other stays true until they commit. */
export async function lockPatient(em: EntityManager, patientId: string): Promise<void> {
  await em.execute('select pg_advisory_xact_lock(hashtextextended(?, 0))', [`patient:${patientId}`])
}
