import { clock } from '@pharmagraph/platform'
import type { Fill } from '../entities/fill.ts'
import type { PastFill } from '../regulations/decisions.ts'

/** The fills that reached the patient, by the legal day of their release. */
export const pastFills = (fills: readonly Fill[]): PastFill[] =>
  fills.flatMap(({ releasedAt, daysSupply }) => (releasedAt ? [{ day: clock.dayOf(releasedAt), daysSupply: daysSupply ?? null }] : []))
