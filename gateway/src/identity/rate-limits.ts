/** How many operations a minute one person, one client and, of callers without a name, one address may run. */
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import { AppError } from '@pharmagraph/platform/errors.ts'
import type { Session } from './sessions.ts'

/** Operations a minute; each gateway counts its own. */
export type Rates = { readonly perPerson: number; readonly perClient: number; readonly perAddress: number }

/** Throws RATE_LIMITED (429) with `retryAfterSeconds`. */
export type Admit = (session: Session, address: string | undefined) => Promise<void>

export function createRateLimits({ perPerson, perClient, perAddress }: Rates): Admit {
  const limiter = (points: number, keyPrefix: string) => new RateLimiterMemory({ points, duration: 60, keyPrefix })
  const [persons, clients, addresses] = [limiter(perPerson, 'person'), limiter(perClient, 'client'), limiter(perAddress, 'address')]
  const take = async (from: RateLimiterMemory, key: string, who: string): Promise<void> => {
    try {
      await from.consume(key)
    } catch (refused) {
      if (!(refused instanceof RateLimiterRes)) throw refused
      const retryAfterSeconds = Math.max(1, Math.ceil(refused.msBeforeNext / 1_000))
      throw new AppError('RATE_LIMITED', `too many operations of this ${who}: try again in ${retryAfterSeconds} s`, { retryAfterSeconds }, { http: 429 })
    }
  }
  return async ({ actor, expiresAt }, address) => {
    if (expiresAt === undefined) return take(addresses, address ?? 'unknown', 'address')
    await take(persons, actor.subject, 'person')
    if (actor.clientId !== undefined) await take(clients, actor.clientId, 'client')
  }
}
