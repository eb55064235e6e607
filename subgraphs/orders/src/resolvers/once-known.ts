import { setTimeout as pause } from 'node:timers/promises'
import { AppError } from '@pharmagraph/platform'
import type { ReasonCode } from '../reasons.ts'

/** What the news that is on its way to us may lift: an address just added, a prescription just verified, a consent just given. */
const liftedByNews: ReadonlySet<string> = new Set<ReasonCode>(['ADDRESS_NOT_KNOWN', 'PRESCRIPTION_NOT_KNOWN', 'PRESCRIPTION_IN_REVIEW', 'DRUG_NOT_KNOWN', 'CONSENT_MISSING', 'AUTO_REFILL_CONSENT_MISSING'])

/** News of other subgraphs takes some hundred milliseconds; after this, a refusal is one. */
const patienceMs = 2000

/**
 * Does `work`, a transaction of its own, and again while it is refused for want of a fact that another subgraph may
 * have told already: at most two seconds, with nothing open or locked between the tries. Then the refusal stands.
 */
export async function onceKnown<T>(work: () => Promise<T>): Promise<T> {
  const until = performance.now() + patienceMs
  for (let ms = 50; ; ms = Math.min(2 * ms, 400)) {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof AppError && liftedByNews.has(error.code)) || performance.now() + ms > until) throw error
      await pause(ms)
    }
  }
}
