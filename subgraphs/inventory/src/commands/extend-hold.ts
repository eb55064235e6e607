import { clock, invalid, isId, notFound, problem, type Actor, type EntityManager } from '@pharmagraph/platform'
import { LockMode } from '@mikro-orm/postgresql'
import { access } from '../access.ts'
import { Reservation } from '../entities/reservation.ts'
import type { ExtendHoldInput } from '../generated/resolvers.ts'
import { policyToday } from '../reads/policy.ts'

/** Makes a live hold last longer, by the version it was read at: of two who extend at once, one is told to read again. */
export async function extendHold(em: EntityManager, actor: Actor, { reservationId, version, until }: ExtendHoldInput): Promise<Reservation> {
  access.must(actor, 'hold:extend', undefined)
  const reservation = isId(reservationId) ? await em.findOne(Reservation, { id: reservationId }, { lockMode: LockMode.PESSIMISTIC_WRITE }) : null
  if (!reservation) throw notFound('hold')
  if (reservation.version !== version) {
    throw problem('StaleVersion', 'STALE_VERSION', 'somebody changed this hold since it was read: read it again', { currentVersion: reservation.version })
  }
  if (reservation.status !== 'HELD') throw invalid('reservationId', `this hold is ${reservation.status}: there is nothing to extend`)
  const { MAX_HOLD_DAYS } = await policyToday(em)
  const latest = new Date(clock.now().getTime() + MAX_HOLD_DAYS * 86_400_000)
  if (until <= reservation.expiresAt) throw invalid('until', `the hold lasts until ${reservation.expiresAt.toISOString()} already`)
  if (until > latest) throw invalid('until', `nothing is held longer than ${MAX_HOLD_DAYS} days from now`)
  reservation.expiresAt = until
  await em.flush() // the new version is part of the answer
  return reservation
}
