/**
 * How many operations a minute one person, one client and, of callers without a name, one address may run. Gateways tell
 * each other every few milliseconds what they admitted, so that a budget is one budget however many there are: beyond it
 * goes at most what the others admit before they hear. No request waits for another machine.
 */
import { randomUUID } from 'node:crypto'
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import { AppError } from '@pharmagraph/platform/errors.ts'
import type { Peers } from './peers.ts'
import type { Session } from './sessions.ts'

/** Operations a minute. */
export type Rates = { readonly perPerson: number; readonly perClient: number; readonly perAddress: number }

/** Throws RATE_LIMITED (429) with `retryAfterSeconds`. */
export type Admit = (session: Session, address: string | undefined) => Promise<void>

const spentSubject = 'gateway.spent'
const tellEveryMs = 25
/** A message of so many keys stays far below what the broker takes. */
const keysPerMessage = 2_000

type Who = 'person' | 'client' | 'address'
type Spent = { readonly from: string; readonly spent: readonly (readonly [who: Who, key: string, operations: number])[] }

export function createRateLimits({ perPerson, perClient, perAddress }: Rates, peers?: Peers): Admit {
  const limiter = (points: number) => new RateLimiterMemory({ points, duration: 60 })
  const limiters: Record<Who, RateLimiterMemory> = { person: limiter(perPerson), client: limiter(perClient), address: limiter(perAddress) }
  const tell = peers ? shareSpending(peers, limiters) : () => undefined

  const take = async (who: Who, key: string): Promise<void> => {
    try {
      await limiters[who].consume(key)
      tell(who, key)
    } catch (refused) {
      if (!(refused instanceof RateLimiterRes)) throw refused
      const retryAfterSeconds = Math.max(1, Math.ceil(refused.msBeforeNext / 1_000))
      throw new AppError('RATE_LIMITED', `too many operations of this ${who}: try again in ${retryAfterSeconds} s`, { retryAfterSeconds }, { http: 429 })
    }
  }
  return async ({ actor, expiresAt }, address) => {
    if (expiresAt === undefined) return take('address', address ?? 'unknown')
    await take('person', actor.subject)
    if (actor.clientId !== undefined) await take('client', actor.clientId)
  }
}

function shareSpending(peers: Peers, limiters: Record<Who, RateLimiterMemory>): (who: Who, key: string) => void {
  const from = randomUUID()
  const untold: Record<Who, Map<string, number>> = { person: new Map(), client: new Map(), address: new Map() }
  let due: NodeJS.Timeout | undefined

  peers.listen(spentSubject, (message) => {
    const { from: teller, spent } = message as Spent
    if (teller !== from) for (const [who, key, operations] of spent) void limiters[who].penalty(key, operations)
  })
  const tellAll = (): void => {
    due = undefined
    const spent = (Object.keys(untold) as Who[]).flatMap((who) => [...untold[who]].map(([key, operations]) => [who, key, operations] as const))
    for (const keys of Object.values(untold)) keys.clear()
    for (let at = 0; at < spent.length; at += keysPerMessage) peers.publish(spentSubject, { from, spent: spent.slice(at, at + keysPerMessage) } satisfies Spent)
  }
  return (who, key) => {
    untold[who].set(key, (untold[who].get(key) ?? 0) + 1)
    due ??= setTimeout(tellAll, tellEveryMs).unref()
  }
}
