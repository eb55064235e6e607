import { type Actor, type EntityManager } from '@pharmagraph/platform'
import { Cart } from '../entities/cart.ts'

/** The open cart of the actor's patient. */
export const openCart = async (em: EntityManager, actor: Actor): Promise<Cart | null> =>
  actor.patientId ? em.findOne(Cart, { patientId: actor.patientId, status: 'OPEN' }) : null

/** Carts and checkouts of one patient come one after another: what they check of each other stays true until they commit. */
export async function lockPatient(em: EntityManager, patientId: string): Promise<void> {
  await em.execute('select pg_advisory_xact_lock(hashtextextended(?, 0))', [`patient:${patientId}`])
}
